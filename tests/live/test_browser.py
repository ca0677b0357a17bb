"""What a person does in a real browser, with scripts and without."""

import os
import re
import shutil
from contextlib import contextmanager

import pytest
from liveserver import Server, command, copy_of, free_port
from playwright.sync_api import expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"),
    reason="there is no Chromium here; CI has one",
)


@pytest.fixture(scope="module")
def shop(template, tmp_path_factory):
    """A server with the sample shop and a few books."""
    database = copy_of(template, tmp_path_factory.mktemp("browser"))
    command(database, "load-sample")
    with Server(database) as running:
        yield running


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture(params=[False, True], ids=["without scripts", "with scripts"])
def page(request, chromium, shop):
    """A page at the shop's root; nothing it does may go wrong or leave the server."""
    with opened(chromium, shop.url, java_script_enabled=request.param) as page:
        page.goto("/")
        yield page


@contextmanager
def opened(chromium, url, **options):
    """A page of the server at the URL, which is held to make no fault."""
    context = chromium.new_context(base_url=url, **options)
    page = context.new_page()
    faults = []
    page.on("console", lambda each: faults.append(each.text) if is_fault(each) else 0)
    page.on("pageerror", lambda each: faults.append(str(each)))
    page.on("request", lambda each: faults.extend(foreign(each.url, url)))
    page.on("dialog", lambda each: each.accept())
    yield page
    context.close()
    assert faults == []


def is_fault(message):
    # A refused request is told by its status, which a form's faults have too.
    is_refusal = "the server responded with a status of 4" in message.text
    return message.type in {"error", "warning"} and not is_refusal


def foreign(url, own):
    return [] if url.startswith((own, "data:")) else [url]


def go(page, *names):
    """Follow the links of the names, from the root on."""
    page.goto("/")
    for name in names:
        page.get_by_role("main").get_by_role(
            "link", name=name, exact=True
        ).first.click()


def fill_in(page, heading, button, **values):
    """Fill in the form below the heading and send it."""
    act = page.locator(".act").filter(has=page.get_by_role("heading", name=heading))
    if not act.locator("form").first.is_visible():
        act.locator("summary").first.click()
    for label, value in values.items():
        act.get_by_label(re.compile(f"^{label}", re.IGNORECASE)).first.fill(value)
    act.get_by_role("button", name=button).click()


def test_the_root_leads_to_every_collection(page):
    for name in ("Books", "Products", "Customers", "Orders", "Tasks", "Items", "Users"):
        go(page, name)
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    assert page.get_by_role("heading", level=1).count() == 1


def test_a_book_is_made_found_edited_and_deleted(page):
    go(page, "Books")
    fill_in(page, "New book", "Create", title="Zora <&> Söhne", author="Ann O'Nym")
    expect(page.get_by_role("heading", level=1)).to_have_text("Zora <&> Söhne")
    go(page)
    page.get_by_role("searchbox").fill("zora")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Zora <&> Söhne").first.click()
    fill_in(page, "Edit the book", "Save", pages="321", subjects="One\nTwo")
    expect(page.locator("[data-name=pages]").first).to_contain_text("321")
    expect(page.locator("[data-name=subjects] li")).to_have_count(2)
    fill_in(page, "New review", "Create", rating="5", comment="Two\nlines")
    expect(page.locator("[data-name=comment]").first).to_contain_text("lines")
    go(page)
    page.get_by_role("searchbox").fill("zora")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Zora <&> Söhne").first.click()
    fill_in(page, "Delete the book", "Delete the book")
    expect(page.get_by_role("heading", level=1)).to_have_text("Books")
    page.get_by_role("searchbox").fill("zora")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("main")).not_to_contain_text("Zora")


def test_what_was_typed_is_kept_where_a_fault_is_shown(page):
    go(page, "Customers")
    fill_in(page, "New customer", "Create", name="Ada", email="sample.ada@example.org")
    expect(page.get_by_role("heading", level=1)).to_contain_text("taken")
    email = page.get_by_label(re.compile("^Email"))
    expect(email).to_have_value("sample.ada@example.org")
    assert email.get_attribute("aria-invalid") == "true"
    email.fill(f"ada{free_port()}@example.org")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada")


def test_of_two_edits_the_second_is_told_what_differs(page):
    go(page, "Tasks")
    fill_in(page, "New task", "Create", description="Count the stock")
    other = page.context.new_page()
    other.goto(page.url)
    fill_in(other, "Edit the task", "Save", description="Count it twice")
    other.close()
    fill_in(page, "Edit the task", "Save", description="Count it tomorrow")
    main = page.get_by_role("main")
    expect(page).to_have_title(re.compile("condition"))
    expect(main).to_contain_text("Count it twice")
    expect(main.get_by_label(re.compile("^Description"))).to_have_value(
        "Count it tomorrow"
    )
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Count it tomorrow")


def test_an_order_is_opened_filled_placed_paid_shipped_and_delivered(page):
    go(page, "Customers", "Bruno Beispiel")
    fill_in(page, "New order", "Create", note="From the browser")
    fill_in(page, "New line item", "Create", product="1", quantity="2")
    expect(page.locator("[data-name=total]").first).to_contain_text("37.80")
    page.get_by_role("button", name="Place the order").click()
    expect(page.locator("[data-name=status]").first).to_contain_text("placed")
    fill_in(page, "Pay the order", "Pay the order", method="cash")
    fill_in(page, "Ship the order", "Ship the order", carrier="Post")
    page.get_by_role("button", name="Confirm the delivery").click()
    expect(page.locator("[data-name=status]").first).to_contain_text("delivered")
    expect(page.get_by_role("button", name="Delete the order")).to_have_count(0)


def test_a_step_that_is_refused_says_what_is_short(page):
    go(page, "Customers", "Bruno Beispiel")
    fill_in(page, "New order", "Create", note="Too much")
    fill_in(page, "New line item", "Create", product="10", quantity="99")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("stock")
    expect(page.get_by_role("main")).to_contain_text("SAMPLE-MONTE")


def test_pages_are_walked_by_their_links(page):
    go(page, "Products")
    first = page.locator("main article a").first.inner_text()
    page.goto("/products?limit=5")
    page.get_by_role("link", name="Next").click()
    page.get_by_role("link", name="Previous").click()
    expect(page.locator("main article a").first).to_have_text(first)


def test_a_page_is_no_wider_than_a_phone(chromium, shop):
    context = chromium.new_context(
        base_url=shop.url, viewport={"width": 360, "height": 780}
    )
    page = context.new_page()
    for path in ("/", "/books", "/orders", "/orders/3", "/products/1", "/nothing"):
        page.goto(path)
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    context.close()


def test_the_documentation_starts_without_leaving_the_server(chromium, shop):
    context = chromium.new_context(base_url=shop.url)
    page = context.new_page()
    faults = []
    page.on("console", lambda each: faults.append(each.text) if is_fault(each) else 0)
    page.on("request", lambda each: faults.extend(foreign(each.url, shop.url)))
    page.goto("/docs")
    expect(page.get_by_role("heading", name="Waymark")).to_be_visible()
    expect(page.locator("#operations-tag-books")).to_be_visible()
    context.close()
    assert faults == []


def test_a_page_of_another_site_can_t_write(chromium, shop):
    context = chromium.new_context()
    page = context.new_page()
    page.route(
        "http://evil.test/*",
        lambda route: route.fulfill(content_type="text/html", body=EVIL % shop.url),
    )
    page.goto("http://evil.test/")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("may not")
    context.close()


EVIL = """<form method="post" action="%s/tasks"><input name="description" value="x">
<button>Win a prize</button></form>"""


def test_the_description_is_shown_and_tried_below_a_mount_prefix(
    chromium, template, tmp_path
):
    prefix = {"X-Forwarded-Prefix": "/shop"}
    database = copy_of(template, tmp_path)
    with (
        Server(database, TRUSTED_PROXIES="127.0.0.0/8") as proxied,
        opened(chromium, proxied.url, extra_http_headers=prefix) as page,
    ):
        page.goto("/shop/docs")
        page.locator("#operations-tag-tasks").click()
        operation = page.locator("#operations-tasks-get_tasks")
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table")
        expect(answer).to_contain_text('"/shop/schemas/task-page"')
