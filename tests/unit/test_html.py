"""A page says all of its document, and lets a person do what a program may do."""

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.formats import html_parts
from api.formats.html import render_html, render_html_problem
from api.hypermedia.document import (
    NOTHING,
    Difference,
    Document,
    Field,
    Form,
    Link,
    Member,
    Option,
    Problem,
    Shape,
    Site,
    Source,
)
from tests.client import SEVERAL
from tests.unit.test_dumpers import DOCUMENTS, MARKED, exact, plain

ASSETS = Path(html_parts.__file__).parent / "assets"
SITE = Site("/", "/style.css", "/comfort.js")
VOID = {"meta", "link", "input"}
SHAPE, STATE = Shape({"text": Member.TEXT}), {"text": "a"}


class Page(HTMLParser):
    """A page as a tree, read by the rules of HTML that matter to white space."""

    def __init__(self, text):
        super().__init__()
        assert "\r" not in text
        assert text.startswith("<!doctype html><html")
        self.builder, self.open = ET.TreeBuilder(), []
        self.feed(text)
        self.close()
        assert self.open == []
        self.root = self.builder.close()

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs)
        self.builder.start(tag, dict(attrs))
        self.open.append(tag)
        if tag in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.builder.end(tag)

    def handle_data(self, data):
        self.builder.data(data)


def written(document):
    is_problem = isinstance(document, Problem)
    return (render_html_problem if is_problem else render_html)(document)


def page(document):
    return Page(written(document).decode()).root


def text_of(element):
    text = "".join(element.itertext())
    return text.removeprefix("\n") if element.tag in {"pre", "textarea"} else text


def from_html(root):
    """What a page says, in the values of `plain`; `SEVERAL` tells which are lists."""
    found = {"state": {}, "links": {}, "embedded": {}}
    read(root.find("body"), found, None)
    return found


def read(element, found, rel):
    for child in element:
        if "data-embedded" in child.attrib:
            inside = child.get("data-embedded")
            if inside in SEVERAL:
                found["embedded"][inside] = []
            read(child, found, inside)
        elif "data-document" in child.attrib:
            inner = {"state": {}, "links": {}, "embedded": {}}
            read(child, inner, None)
            add(found["embedded"], rel, inner)
        else:
            read_one(child, found)
            read(child, found, rel)


def read_one(element, found):
    if "data-kind" in element.attrib:
        found["state"][element.get("data-name")] = value_of(element)
    if element.tag == "a" and "rel" in element.attrib:
        add(found["links"], element.get("rel"), link_of(element, "href", "type"))
    if "data-rel" in element.attrib:
        template = {"href": text_of(element), "templated": True}
        told = link_of(element, "data-type")
        add(found["links"], element.get("data-rel"), template | told)


def link_of(element, *names):
    told = {
        name.removeprefix("data-"): element.get(name)
        for name in (*names, "data-name", "title")
    }
    return {name: value for name, value in told.items() if value is not None}


def value_of(element):
    kind = Member(element.get("data-kind"))
    if "data-null" in element.attrib:
        return None
    inside = element[0] if len(element) else element
    told = inside.get("value", inside.get("datetime", text_of(inside)))
    if kind is Member.TEXTS:
        return [text_of(each) for each in inside]
    is_json = kind in {Member.NUMBER, Member.FREE, Member.BOOLEAN}
    return json.loads(told) if is_json else told


def add(found, rel, value):
    if rel in SEVERAL:
        found.setdefault(rel, []).append(value)
    else:
        assert rel not in found
        found[rel] = value


def form_in(document, name):
    return page(document).find(f".//form[@data-form='{name}']")


def with_field(*, method="POST", **members):
    """The control of a field with the members, in a form of the method."""
    form = Form("f", "F", method, "/", (Field(name="a", prompt="A", **members),))
    document = Document(STATE, SHAPE, {}, forms=(form,))
    return form_in(document, "f").find(".//*[@name='a']")


BOOK = Shape(
    {
        "id": Member.NUMBER,
        "title": Member.TEXT,
        "price": Member.MONEY,
        "subjects": Member.TEXTS,
        "isbn": Member.TEXT,
        "sold": Member.BOOLEAN,
        "notes": Member.FREE,
        "created": Member.TIME,
    }
)
COUNTED = Shape(
    {"total": Member.NUMBER, "total_kind": Member.TEXT, "count": Member.NUMBER}
)
SEARCH = Form(
    "search",
    "Search books",
    "GET",
    "/books",
    (
        Field(name="q", prompt="Words", type="search"),
        Field(name="title", prompt="Title"),
        Field(name="created.gte", prompt="Created since", type="date"),
        Field(name="sort", prompt="Order", options=(Option("Title", "title"),)),
        Field(name="limit", prompt="Rows", type="number", low=1, step=1, value="20"),
    ),
)
EDIT = Form(
    "edit",
    "Edit the book",
    "PUT",
    "/books/7",
    (
        Field(name="title", prompt="Title", is_required=True, longest=500, value="<b>"),
        Field(name="subjects", prompt="Subjects (one a line)", several=True),
        Field(name="notes", prompt="Notes", value="\n{}"),
        Field(name="price", prompt="Price", pattern="^(?:[0-9]+)$", placeholder="12"),
        Field(name="sold", prompt="Sold", options=(Option("yes", "true"),)),
        Field(
            name="author",
            prompt="Author",
            type="number",
            low=1,
            step=1,
            source=Source("/authors{?q}", "id", "name"),
        ),
    ),
)
DELETE = Form("delete", "Delete the book", "DELETE", "/books/7")
CURIES = [Link("/rels/{rel}", templated=True, name="wm")]


def a_book(key=7, **members):
    state = {
        "id": key,
        "title": "Tom & <i>Jerry</i>",
        "price": "12.90",
        "subjects": ["Cats", "Mice\r\n"],
        "isbn": None,
        "sold": True,
        "notes": {"a": [1, None]},
        "created": "2026-11-21T08:00:00.000000Z",
    }
    links = {
        "self": Link(f"/books/{key}"),
        "collection": Link("/books"),
        "curies": CURIES,
        "wm:reviews": Link(f"/books/{key}/reviews"),
        "related": [Link("/books?author=a&b", title="Books by A & B")],
        "alternate": [Link(f"/books/{key}.json", type="application/hal+json")],
    }
    return Document(state | members, BOOK, links)


def a_member():
    document = a_book()
    document.forms, document.etag, document.site = (EDIT, DELETE), '"3-html"', SITE
    review = Document(STATE, SHAPE, {"self": Link("/books/7/reviews/1")})
    reviews = Document(
        {"total": 1, "total_kind": "exact", "count": 1},
        COUNTED,
        {"self": Link("/books/7/reviews")},
        {"item": [review]},
    )
    document.embedded = {"wm:reviews": reviews}
    return document


def a_collection():
    links = {
        "self": Link("/books?q=cat&title=Tom&cursor=a"),
        "first": Link("/books?q=cat&title=Tom"),
        "next": Link("/books?q=cat&title=Tom&cursor=b"),
        "up": Link("/"),
        "search": Link("/books{?q,title}", templated=True),
        "alternate": [Link("/books.csv?q=cat", type="text/csv")],
    }
    state = {"total": 12345, "total_kind": "at_least", "count": 2}
    books = [a_book(), a_book(8, title=" ")]
    create = Form("book", "New book", "POST", "/books", EDIT.fields[:1])
    forms = (create, SEARCH)
    embedded = {"item": books}
    return Document(state, COUNTED, links, embedded, forms=forms, site=SITE)


def a_root():
    links = {
        "self": Link("/"),
        "curies": CURIES,
        "wm:books": Link("/books"),
        "wm:book": Link("/books/{id}", templated=True),
    }
    return Document({}, NOTHING, links, forms=(SEARCH,), site=SITE)


def a_problem(**members):
    return Problem(
        {
            "type": "/problems/invalid-body",
            "title": "The body breaks the rules",
            "status": 400,
            "detail": 'A "<&>" \x00\ud800 b',
            "instance": "urn:uuid:1",
            "errors": [
                {"pointer": "/price", "detail": "No amount.", "code": "money"},
                {"pointer": "/subjects/0", "detail": "Too <long>.", "code": "length"},
                {"parameter": "limt", "detail": "Unknown.", "code": "unknown"},
                {"detail": "Of all.", "code": "all"},
            ],
            "allowed": ["a", "b"],
        }
        | members,
        {"up": Link("/books/7"), "curies": CURIES},
        site=SITE,
    )


def a_conflict():
    problem = a_problem(status=412)
    typed = {"title": "Mine", "price": "much", "author": "me", "sold": "maybe"}
    fields = tuple(
        msgspec.structs.replace(each, value=typed.get(each.name, each.value))
        for each in EDIT.fields
    )
    problem.form = Form("again", "Correct the book", "PUT", "/books/7", fields)
    problem.etag = '"4-html"'
    problem.differences = (Difference("Title", "<Mine>", "Theirs\r\n"),)
    return problem


PAGES = {
    "member": a_member,
    "collection": a_collection,
    "root": a_root,
    "problem": a_problem,
    "conflict": a_conflict,
}
ALL_PAGES = [pytest.param(make, id=name) for name, make in PAGES.items()]


@given(DOCUMENTS)
@settings(deadline=None, max_examples=60)
def test_html_says_all_of_a_document(document):
    assert exact(from_html(page(document))) == exact(plain(document))


@pytest.mark.parametrize("make", [a_member, a_collection, a_root])
def test_forms_and_decoration_add_nothing_to_what_is_said(make):
    document = make()
    found = from_html(page(document))
    assert exact(found) == exact(plain(document))
    assert list(found["embedded"]) == list(document.embedded)


@given(st.sampled_from(["title", "name", "key"]), MARKED)
@settings(deadline=None, max_examples=50)
def test_a_member_in_the_heading_is_a_member_still(name, text):
    inner = Document({name: text}, Shape({name: Member.TEXT}), {"self": Link("/a")})
    document = Document(inner.state, inner.shape, inner.links, {"wm:author": inner})
    assert exact(from_html(page(document))) == exact(plain(document))


def test_an_empty_list_is_one_still():
    document = Document({"count": 0}, Shape({"count": Member.NUMBER}), {})
    document.embedded = {"item": []}
    assert from_html(page(document))["embedded"] == {"item": []}
    assert "There is nothing here." in "".join(page(document).itertext())


def test_an_embedded_document_need_not_tell_where_it_stands():
    inner = Document({"title": "T"}, Shape({"title": Member.TEXT}), {"up": Link("/")})
    document = Document(STATE, SHAPE, {}, {"item": [inner, Document({}, NOTHING, {})]})
    assert exact(from_html(page(document))) == exact(plain(document))


def test_a_card_shows_its_first_facts_and_long_ones_last():
    names = ("id", "title", "isbn", "note", "a", "b", "c")
    values = (1, "T", None, "long " * 9, "a", "b", "c")
    shape = Shape(dict.fromkeys(names, Member.TEXT) | {"id": Member.NUMBER})
    inner = Document(dict(zip(names, values, strict=True)), shape, {})
    root = page(Document(STATE, SHAPE, {}, {"item": [inner]}))
    facts = root.find(".//article/dl").iter("dt")
    assert [text_of(each) for each in facts] == ["A", "B", "C", "Id", "Note"]


@pytest.mark.parametrize(
    ("state", "href", "heading"),
    [
        pytest.param({"title": "T", "name": "N"}, "/books/1", "T", id="title"),
        pytest.param({"title": " ", "name": "N"}, "/books/1", "N", id="blank title"),
        pytest.param({"title": "a" * 201}, "/books/1", "Book 1", id="long title"),
        pytest.param({"title": None}, "/books/1", "Book 1", id="null"),
        pytest.param({"note": "n"}, "/orders/7?a=b", "Order 7", id="numbered"),
        pytest.param({"id": "aKey"}, "/tasks/aKey", "Task aKey", id="keyed"),
        pytest.param({}, "/entries/7", "Entry 7", id="entries"),
        pytest.param({}, "/customers/1/new_orders", "New orders", id="several"),
        pytest.param({}, "/orders/7/payment", "Payment", id="nested"),
        pytest.param({}, "/a%20b", "A b", id="encoded"),
        pytest.param({}, "/", "Home", id="root"),
    ],
)
def test_a_page_is_called_by_its_most_telling_member(state, href, heading):
    shape = Shape(dict.fromkeys(state, Member.TEXT))
    found = page(Document(state, shape, {"self": Link(href)}))
    assert text_of(found.find(".//h1")) == heading
    assert text_of(found.find(".//title")) == f"{heading} · Waymark"


def test_a_long_title_is_cut_in_the_window_but_not_on_the_page():
    title = "word\n" * 30
    shape = Shape({"title": Member.TEXT})
    found = page(Document({"title": title}, shape, {}))
    assert text_of(found.find(".//h1")) == title
    assert re.fullmatch(r"(word )+\w*… · Waymark", text_of(found.find(".//title")))


@pytest.mark.parametrize("make", ALL_PAGES)
def test_a_page_is_sound_for_those_who_cannot_see_it(make):
    root = page(make())
    headings = [int(each.tag[1]) for each in root.iter() if each.tag in HEADINGS]
    assert headings.count(1) == 1
    assert headings[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(headings))
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(set(ids)) == len(ids)
    assert referred_to(root) <= set(ids)
    assert unlabelled(root) == []
    assert root.get("lang") == "en"


HEADINGS = {f"h{level}" for level in range(1, 7)}


def referred_to(root):
    """The ids that something on the page leads to."""
    found = set()
    for each in root.iter():
        for name in ("for", "aria-describedby", "aria-labelledby"):
            found |= set(each.get(name, "").split())
        if each.get("href", "").startswith("#"):
            found.add(each.get("href")[1:])
    return found


def unlabelled(root):
    labels = {each.get("for") for each in root.iter("label")}
    controls = [
        each
        for tag in ("input", "select", "textarea")
        for each in root.iter(tag)
        if each.get("type") != "hidden"
    ]
    assert all(text_of(each) for tag in ("a", "button") for each in root.iter(tag))
    return [each.attrib for each in controls if each.get("id") not in labels]


@pytest.mark.parametrize("make", ALL_PAGES)
def test_a_page_keeps_to_the_strict_policy(make):
    for each in page(make()).iter():
        assert not [name for name in each.attrib if name.startswith("on")]
        assert "style" not in each.attrib
        assert each.tag not in {"style", "iframe", "object", "base"}
        assert not (each.tag == "script" and each.text)
        for name in ("href", "src", "action"):
            assert re.match("[/#]|data:,$", each.get(name, "/"))


@pytest.mark.parametrize("make", ALL_PAGES)
def test_a_page_without_a_site_has_no_style_and_no_way_home(make):
    document = make()
    document.site = None
    root = page(document)
    assert not [each for tag in ("link", "script") for each in root.iter(tag)]
    assert root.find(".//*[@class='brand']").tag == "span"


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        pytest.param(SEARCH, ("get", None, None), id="GET"),
        pytest.param(Form("f", "F", "POST", "/"), ("post", None, None), id="POST"),
        pytest.param(EDIT, ("post", "PUT", '"3-html"'), id="PUT"),
        pytest.param(Form("f", "F", "PATCH", "/"), ("post", "PATCH", '"3-html"')),
        pytest.param(DELETE, ("post", "DELETE", '"3-html"'), id="DELETE"),
    ],
)
def test_every_method_can_be_sent_without_a_script(form, sent):
    document = Document(STATE, SHAPE, {}, forms=(form,), etag='"3-html"')
    element = form_in(document, form.name)
    hidden = {
        each.get("name"): each.get("value")
        for each in element.iter("input")
        if each.get("type") == "hidden"
    }
    assert (element.get("method"), hidden.get("_method"), hidden.get("_etag")) == sent
    assert element.get("action") == form.href
    assert element.find(".//button") is not None


def test_a_document_without_a_tag_sends_none():
    document = Document(STATE, SHAPE, {}, forms=(EDIT,))
    assert form_in(document, "edit").find(".//input[@name='_etag']") is None


@pytest.mark.parametrize(
    ("members", "tag", "attributes"),
    [
        pytest.param(
            {"shortest": 1, "longest": 9, "pattern": "^(?:a)$", "placeholder": "a"},
            "input",
            {
                "type": "text",
                "minlength": "1",
                "maxlength": "9",
                "pattern": "^(?:a)$",
                "placeholder": "a",
                "title": "Such as a",
            },
            id="text",
        ),
        pytest.param(
            {"type": "number", "low": -1, "high": 9, "step": 1, "longest": 3},
            "input",
            {"type": "number", "min": "-1", "max": "9", "step": "1"},
            id="number",
        ),
        pytest.param(
            {"type": "email", "is_required": True, "longest": 9, "value": ""},
            "input",
            {"type": "email", "required": "", "maxlength": "9", "value": ""},
            id="e-mail",
        ),
        pytest.param({"type": "date"}, "input", {"type": "date"}, id="date"),
        pytest.param({"several": True}, "textarea", {"rows": "4"}, id="several"),
        pytest.param(
            {"longest": 1000}, "textarea", {"rows": "1", "maxlength": "1000"}, id="long"
        ),
        pytest.param(
            {"longest": 1001},
            "textarea",
            {"rows": "4", "maxlength": "1001"},
            id="longer",
        ),
        pytest.param({}, "textarea", {"rows": "4"}, id="without bounds"),
        pytest.param(
            {"method": "GET", "longest": 9},
            "input",
            {"type": "text", "maxlength": "9"},
            id="sought",
        ),
        pytest.param(
            {"options": (Option("x", "y"),), "is_required": True},
            "select",
            {"required": ""},
            id="options",
        ),
    ],
)
def test_a_control_tells_what_its_field_wants(members, tag, attributes):
    control = with_field(**members)
    own = {name: control.get(name) for name in control.attrib}
    assert (control.tag, own) == (tag, {"id": "f-a", "name": "a", **attributes})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("1.5", ("number", "1.5"), id="number"),
        pytest.param("-1e5", ("number", "-1e5"), id="with an exponent"),
        pytest.param("", ("number", ""), id="blank"),
        pytest.param("soon", ("text", "soon"), id="no number"),
        pytest.param("1\n", ("text", "1\n"), id="line break"),
    ],
)
def test_what_a_browser_would_empty_is_shown_as_text(value, shown):
    control = with_field(type="number", value=value)
    assert (control.get("type"), control.get("value")) == shown


@given(MARKED)
@settings(deadline=None, max_examples=50)
def test_what_stands_in_a_field_is_kept(text):
    control = with_field(value=text, longest=100)
    is_area = control.tag == "textarea"
    assert (text_of(control) if is_area else control.get("value")) == text
    assert is_area == bool(re.search("[\r\n]", text))


@pytest.mark.parametrize(
    ("members", "values", "chosen"),
    [
        pytest.param({}, ["", "a", "b"], [], id="optional"),
        pytest.param({"value": "b"}, ["", "a", "b"], ["b"], id="optional with a value"),
        pytest.param({"is_required": True}, ["", "a", "b"], [], id="required"),
        pytest.param({"is_required": True, "value": "a"}, ["a", "b"], ["a"], id="both"),
        pytest.param({"value": "c"}, ["", "c", "a", "b"], ["c"], id="no option"),
    ],
)
def test_a_select_offers_what_may_be_sent(members, values, chosen):
    options = with_field(options=(Option("A", "a"), Option("B", "b")), **members)
    assert [each.get("value") for each in options] == values
    picked = [each.get("value") for each in options if "selected" in each.attrib]
    assert picked == chosen


def test_values_of_other_resources_can_be_looked_up():
    field = page(a_member()).find(".//*[@id='edit-author-source']")
    assert field.find("a").attrib == {"href": "/authors", "target": "_blank"}


def test_a_search_tells_what_was_searched_last():
    form = form_in(a_collection(), "search")
    values = {each.get("name"): each.get("value") for each in form.iter("input")}
    assert values["q"] == "cat"
    assert values["title"] == "Tom"
    assert values["limit"] == "20"
    assert text_of(form.find("details/summary")) == "Filters and order: Title"


def test_a_search_at_another_place_was_not_asked_yet():
    document = a_collection()
    document.links["self"] = Link("/customers?q=cat")
    control = form_in(document, "search").find(".//*[@name='q']")
    assert control.get("value") is None


@pytest.mark.parametrize(
    ("fields", "folded"),
    [
        pytest.param(SEARCH.fields[:1], None, id="words only"),
        pytest.param(SEARCH.fields[1:], "Search books", id="no words"),
    ],
)
def test_a_search_folds_all_but_words(fields, folded):
    form = msgspec.structs.replace(SEARCH, fields=fields)
    document = Document(STATE, SHAPE, {}, forms=(form,))
    summary = form_in(document, "search").find("details/summary")
    assert (None if summary is None else text_of(summary)) == folded


def test_only_the_likeliest_short_forms_are_open():
    def form(name, count, method="PUT"):
        fields = tuple(Field(name=f"{number}", prompt="a") for number in range(count))
        return Form(name, name, method, f"/{name}", fields)

    forms = (form("a", 0), form("b", 4), form("c", 1), form("d", 0, "DELETE"))
    aside = page(Document(STATE, SHAPE, {}, forms=forms)).find(".//aside")
    shown = [(each.tag, each.get("class")) for each in aside if each.tag != "h2"]
    is_open, is_folded = ("section", "act"), ("details", "act")
    assert shown == [is_open, is_open, is_folded, ("details", "act danger")]


def test_a_link_that_is_but_the_target_of_a_step_is_left_to_programs():
    step = Form("placement", "The placement", "PUT", "/orders/1/placement")
    links = {"wm:placement": Link(step.href), "wm:customer": Link("/customers/1")}
    root = page(Document(STATE, SHAPE, links, forms=(step,)))
    assert root.find(".//main//a[@rel='wm:placement']") is None
    assert root.find(".//footer//a[@rel='wm:placement']") is not None
    assert root.find(".//main//a[@rel='wm:customer']") is not None


@pytest.mark.parametrize("rel", ["related", "service-doc", "wm:reviews"])
def test_where_people_go_stands_in_sight(rel):
    document = Document(STATE, SHAPE, {rel: Link("/somewhere")})
    assert page(document).find(f".//main//a[@rel='{rel}']") is not None


def test_a_problem_says_all_of_itself_but_what_no_page_can_carry():
    found = from_html(page(a_problem()))
    told = a_problem().members | {"detail": 'A "<&>" \ufffd\ufffd b'}
    assert found["state"] | {"errors": told["errors"]} == told
    assert found["links"]["up"] == {"href": "/books/7"}


def test_faults_stand_in_a_list_that_leads_to_the_fields():
    entries = page(a_conflict()).find(".//*[@class='faults']")
    assert [
        {name.removeprefix("data-"): each.get(name) for name in each.attrib}
        for each in entries
    ] == a_problem().members["errors"]
    hrefs = [each.get("href") for each in entries.iter("a")]
    assert hrefs == ["#again-price", "#again-subjects"]


def test_faults_stand_beside_their_fields_and_what_was_typed_is_kept():
    form = form_in(a_conflict(), "again")
    price = form.find(".//*[@name='price']")
    assert price.get("value") == "much"
    assert price.get("aria-invalid") == "true"
    fault = form.find(f".//*[@id='{price.get('aria-describedby')}']")
    assert text_of(fault) == "No amount."
    assert form.find(".//*[@name='_etag']").get("value") == '"4-html"'


def test_a_conflict_shows_both_versions():
    table = page(a_conflict()).find(".//table")
    assert [each.get("scope") for each in table.iter("th")] == ["col"] * 3 + ["row"]
    assert [text_of(each) for each in table.iter("td")] == ["<Mine>", "Theirs\r\n"]


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"errors": "none", "x": [True, None]}, id="of another kind"),
        pytest.param({"errors": [1, {}], "status": True}, id="inside of another kind"),
    ],
)
def test_a_problem_of_whatever_members_is_a_page(members):
    assert page(Problem(members, {})).find(".//h1") is not None


def test_the_script_is_short_and_the_style_is_small():
    assert len((ASSETS / "comfort.js").read_text().splitlines()) < 60
    assert (ASSETS / "style.css").stat().st_size < 8_000
    assert "http" not in (ASSETS / "style.css").read_text()


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def palettes():
    """The colours by day and by night, by name."""
    text = (ASSETS / "style.css").read_text().replace("#fff;", "#ffffff;")
    blocks = re.findall(r":root \{(.*?)\n *\}", text, re.DOTALL)
    day, night = (
        dict(re.findall(r"--([\w-]+): (#\w{6})", each)) for each in blocks[:2]
    )
    assert day.keys() == night.keys()
    return {"day": day, "night": night}


@pytest.mark.parametrize("time", ["day", "night"])
def test_text_and_edges_stand_out_from_what_is_behind_them(time):
    colours = palettes()[time]
    for behind in ("paper", "card", "tint"):
        for text in ("ink", "soft", "link", "bad"):
            assert contrast(colours[text], colours[behind]) >= 4.5, (text, behind)
    assert contrast(colours["on-link"], colours["link"]) >= 4.5
    assert contrast(colours["edge"], colours["paper"]) >= 3
