"""The pages: every format says the same, and forms alone lead through the shop."""

import json
from urllib.parse import urlencode, urljoin
from xml.etree import ElementTree as ET

import pytest

from api.documents import KINDS
from api.formats import FORMATS
from tests.shop import COLLECTED, kind_named, make
from tests.unit.test_dumpers import from_hal, from_xml
from tests.unit.test_html import Page, from_html, text_of

every_noun = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
FORM = "application/x-www-form-urlencoded"


@every_noun
def test_one_document_says_the_same_in_all_formats(client, kind):
    made = make(client, kind)
    for path in own_paths(made):
        hal = from_hal(client.get(path).json)
        forms = client.get(path, accept=FORMATS[1].media_types[0]).json
        forms.pop("_templates", None)
        html = Page(client.get(path, accept="text/html").text).root
        assert from_hal(forms) == hal
        assert exact(from_html(html)) == exact(hal)


@every_noun
def test_xml_says_the_same_of_one(client, kind):
    path = own_paths(make(client, kind))[0]
    xml = ET.fromstring(client.get(path, accept="application/xml").content)
    hal = from_hal(client.get(path).json)
    found = from_xml(xml, kind.shape)
    assert exact((found["state"], found["links"])) == exact(
        (hal["state"], hal["links"])
    )


@pytest.mark.parametrize("kind", COLLECTED, ids=lambda kind: kind.name)
def test_lines_say_the_same_as_a_page(client, kind):
    path = own_paths(make(client, kind))[1]
    item = client.get(path).json["_embedded"]["item"][0]
    lines = client.get(path, accept="application/x-ndjson").text.splitlines()
    first = json.loads(lines[0])
    assert first.pop("_links") == {"self": item["_links"]["self"]}
    assert first == {name: item[name] for name in kind.shape.members}


def own_paths(made):
    """Where something that was made stands, and its collection if it is in one."""
    links = made.json["_links"]
    return [links[rel]["href"] for rel in ("self", "collection") if rel in links]


def exact(value):
    return json.dumps(value, sort_keys=True)


class Browser:
    """A browser without scripts: it follows links and fills in forms, and no more."""

    def __init__(self, client):
        self.client = client
        self.go("/")

    def go(self, path):
        self.path = path
        self.show(self.client.get(path, accept="text/html"))

    def show(self, answer):
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        self.status = answer.status_code
        self.root = Page(answer.text).root

    def follow(self, text):
        links = [each for each in self.root.iter("a") if text_of(each).strip() == text]
        assert links, text
        self.go(urljoin(self.path, links[0].get("href")))

    def form(self, name):
        form = self.root.find(f".//form[@data-form='{name}']")
        assert form is not None, name
        return form

    def has(self, name):
        return self.root.find(f".//form[@data-form='{name}']") is not None

    def send(self, name, /, **typed):
        """Send the form with what stands in it, and what is typed."""
        form = self.form(name)
        fields = dict(fields_of(form))
        assert typed.keys() <= fields.keys()
        body = urlencode({**fields, **typed})
        if form.get("method") == "get":
            self.go(f"{form.get('action')}?{body}")
            return
        answer = self.client.send(
            "POST",
            form.get("action"),
            body,
            FORM,
            accept="text/html",
            origin="http://localhost",
            sec_fetch_site="same-origin",
        )
        if answer.status_code == 303:
            self.go(answer.headers["location"])
        else:
            self.show(answer)

    def says(self, name):
        found = self.root.find(f".//*[@data-name='{name}']")
        return text_of(found).strip()


def fields_of(form):
    """The fields of a form with their present values, as a browser would send them."""
    for each in form.iter():
        if each.tag == "input":
            yield each.get("name"), each.get("value", "")
        elif each.tag == "textarea":
            yield each.get("name"), text_of(each)
        elif each.tag == "select":
            chosen = [one for one in each if "selected" in one.attrib] or [each[0]]
            yield each.get("name"), chosen[0].get("value")


@pytest.fixture
def browser(client):
    make(client, kind_named("product"), name="Moby-Dick, bound", stock=4, price="12.90")
    return Browser(client)


def test_forms_alone_lead_from_a_book_to_its_review(browser):
    browser.follow("Books")
    browser.send("book", title="Zora <&>", author="Ann", subjects="One\r\nTwo")
    browser.go("/")
    browser.send("search", q="zora")
    browser.follow("Zora <&>")
    assert browser.says("title") == "Zora <&>"
    browser.send("review", rating="5", comment="Two\r\nlines")
    assert browser.says("comment") == "Two\nlines"
    browser.go("/")
    browser.send("search", q="zora")
    browser.follow("Zora <&>")
    browser.send("edit", pages="12")
    assert (browser.says("pages"), browser.says("rating")) == ("12", "5.0")
    browser.send("change", publisher="Own press")
    assert browser.says("publisher") == "Own press"
    assert browser.says("title") == "Zora <&>"
    browser.send("delete")
    assert browser.path == "/books"


def test_forms_alone_lead_from_a_customer_to_a_delivery(browser):
    browser.follow("Customers")
    browser.send("customer", name="Ishmael", email="ishmael@example.org")
    browser.send("order", note="For the voyage")
    browser.send("lineitem", product="1", quantity="3")
    assert browser.says("total") == "38.70"
    for step in ("placement", "payment", "shipment", "delivery"):
        assert not browser.has("cancellation") or browser.says("status") in (
            "placed",
            "paid",
        )
        browser.send(step)
    assert browser.says("status") == "delivered"
    assert not browser.has("delete")
    browser.go("/")
    browser.follow("Products")
    browser.follow("Moby-Dick, bound")
    assert browser.says("stock") == "1"


def test_a_configuration_is_edited_and_reset(browser):
    browser.follow("Configuration")
    browser.send("edit", name="My shop", language="de")
    assert (browser.says("name"), browser.says("language")) == ("My shop", "de")
    browser.send("delete")
    assert browser.says("name") == "Waymark"


def test_a_stale_edit_shows_both_versions_and_can_be_sent_again(browser, client):
    browser.follow("Tasks")
    browser.send("task", description="Count")
    client.patch(browser.path, {"description": "Count twice"})
    browser.send("edit", description="Count never")
    page = "".join(browser.root.itertext())
    assert browser.status == 412
    assert "Count twice" in page
    assert "Count never" in page
    browser.send("again")
    assert browser.says("description") == "Count never"


def test_a_stale_deletion_is_asked_for_again_by_its_name(browser, client):
    browser.follow("Tasks")
    browser.send("task", description="Count")
    client.patch(browser.path, {"description": "Count twice"})
    browser.send("delete")
    button = browser.form("again").find("button")
    assert (browser.status, text_of(button)) == (412, "Delete the task as it is now")


def test_what_was_typed_is_kept_beside_the_faults(browser):
    browser.follow("Products")
    browser.send("product", sku="A", name="B <&>", price="much", currency="EUR")
    assert browser.status == 400
    again = dict(fields_of(browser.form("again")))
    assert (again["name"], again["price"]) == ("B <&>", "much")
    price = browser.root.find(".//input[@name='price']")
    assert price.get("aria-invalid") == "true"
    browser.send("again", price="1.00")
    assert browser.says("price") == "1.00"


def test_a_refused_step_shows_why_and_can_be_sent_again(browser, client):
    browser.follow("Customers")
    browser.send("customer", name="Ishmael", email="ishmael@example.org")
    browser.send("order")
    order = browser.path
    browser.send("lineitem", product="1", quantity="9")
    browser.send("placement")
    assert browser.status == 409
    assert "1" in "".join(browser.root.itertext())
    client.patch("/products/1", {"stock": 9})
    browser.send("again")
    assert (browser.path, browser.says("status")) == (order, "placed")


def test_problems_are_pages_too(browser):
    for path, status in [("/nothing", 404), ("/books?limt=1", 400), ("/books/9", 404)]:
        browser.go(path)
        assert browser.status == status
        assert browser.root.find(".//h1") is not None


def test_a_form_of_a_page_is_no_way_around_the_checks(client):
    make(client, kind_named("task"), id="a")
    for body, origin, status in [
        (b"_method=DELETE", "http://evil.example", 403),
        (b"_method=TRACE", None, 400),
        (b'_method=DELETE&_etag="0-html"', None, 412),
        (b"_method=PUT&description=%00", None, 400),
    ]:
        headers = {"accept": "text/html"} | ({"origin": origin} if origin else {})
        answer = client.send("POST", "/tasks/a", body, FORM, **headers)
        assert answer.status_code == status
    assert client.get("/tasks/a").status_code == 200


def test_who_reads_no_html_posts_what_the_method_says(client):
    make(client, kind_named("task"), id="a")
    answer = client.send("POST", "/tasks/a", b"_method=DELETE", FORM)
    assert answer.status_code == 400
    assert client.get("/tasks/a").status_code == 200


def test_a_page_allows_nothing_from_elsewhere(client):
    for path in ("/", "/books", "/nothing"):
        policy = client.get(path, accept="text/html").headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe" not in policy


def test_a_page_with_forms_is_nobody_else_s(client):
    make(client, kind_named("book"))
    for path in ("/books/1", "/books"):
        answer = client.get(path, accept="text/html")
        assert answer.headers["cache-control"] == "private, no-cache"
