"""HAL-FORMS: what every template is like, who is offered which, and what it is for."""

import re
from collections import deque
from functools import lru_cache
from random import Random

import pytest

from api.app import create_app
from api.documents import KINDS
from api.documents.step import STEPS
from api.roles import GRANTED, Caller, Role
from api.uris import PATHS
from tests.client import Client
from tests.formfill import (
    FORMS,
    URLENCODED,
    Filler,
    NotPortable,
    Pattern,
    Visitor,
    Wanderer,
    choices_at,
    inline_values,
    links_of,
    read,
    templates_of,
)
from tests.shop import (
    CHANGEABLE,
    COLLECTED,
    REPLACEABLE,
    a_book,
    a_customer,
    a_draft,
    a_product,
    href,
    isbn_13,
    lineitem,
    make,
)

# The types of HTML's inputs that hold one value, and that are no buttons.
TYPES = {
    *("hidden", "text", "search", "tel", "url", "email", "password", "date", "month"),
    *("week", "time", "datetime-local", "number", "range", "color"),
}
STEP_NAMES = tuple(f"/{step.name}" for step in STEPS)
CHANGES = {"PUT", "PATCH", "DELETE"}
METHODS = CHANGES | {"GET", "POST"}


@pytest.fixture(scope="module")
def shop(module_settings):
    """The settings of a shop in which there is one of each noun; nobody changes it."""
    for kind in KINDS:
        make(client_on(module_settings), kind)
    return module_settings


@pytest.fixture(scope="module")
def documents(shop):
    """Every document of the shop with its templates, as an administrator sees it."""
    return documents_from(client_on(shop))


@lru_cache(maxsize=8)
def client_on(settings, role=Role.ADMIN):
    """A client whose caller has the role."""

    async def told(_req):
        return Caller(role)

    return Client(create_app(settings, told))


def documents_from(client):
    """Every document that links lead to from the root, but results of searches."""
    waiting, found, seen = deque(["/"]), {}, set()
    while waiting:
        path = waiting.popleft()
        if path not in seen and "?" not in path:
            seen.add(path)
            answer = read(client, path)
            if answer.headers.get("content-type") == FORMS:
                found[path] = answer.json
                waiting.extend(target for _, target in links_of(answer.json))
    return found


def all_templates(documents):
    return [each for document in documents.values() for each in templates_of(document)]


def all_properties(documents):
    return [told for each in all_templates(documents) for told in each["properties"]]


def test_every_noun_has_templates_to_make_it_and_to_change_it(documents):
    offers = {(each["method"], each["target"]) for each in all_templates(documents)}
    wanted = [("POST", kind.opened_at) for kind in COLLECTED]
    wanted += [("PUT", kind.name) for kind in (*REPLACEABLE, *STEPS)]
    wanted += [("PATCH", kind.name) for kind in CHANGEABLE]
    for method, name in wanted:
        path = re.sub(r"\{\w+\}", "[^/]+", PATHS[name])
        assert any(
            each == method and re.fullmatch(path, target) for each, target in offers
        ), (method, name)


def test_templates_are_what_forms_add_to_hal(shop, documents):
    for path, document in documents.items():
        plain = {name: document[name] for name in document if name != "_templates"}
        assert client_on(shop).get(path).json == plain


def test_where_nothing_is_allowed_there_are_no_templates_else_a_default(documents):
    with_forms = [each for each in documents.values() if "_templates" in each]
    assert {next(iter(each["_templates"])) for each in with_forms} == {"default"}
    taken = [documents[path] for path in documents if path.endswith(STEP_NAMES)]
    assert len(taken) > 5
    assert not any("_templates" in each for each in taken)


def test_documents_inside_of_others_have_no_templates(documents):
    inside = [
        each
        for document in documents.values()
        for each in document.get("_embedded", {}).get("item", [])
    ]
    assert len(inside) > 20
    assert not any("_templates" in each for each in inside)


def test_templates_tell_how_to_send_them(documents):
    for each in all_templates(documents):
        assert each["method"] in METHODS
        assert each["contentType"] in {"application/json", URLENCODED}
        assert re.fullmatch(r"/[^{}?]*", each["target"])
        assert each["title"]
        assert isinstance(each["properties"], list)
        assert (each["properties"] == []) or each["method"] != "DELETE"


def test_names_and_prompts_of_a_template_are_its_own(documents):
    for each in all_templates(documents):
        for what in ("name", "prompt"):
            told = [prop[what] for prop in each["properties"]]
            assert len(set(told)) == len(told)
            assert all(told)


def test_properties_are_as_the_specification_types_them(documents):
    wanted = {
        **dict.fromkeys(("name", "prompt", "type", "regex", "placeholder"), str),
        **dict.fromkeys(("min", "max", "step", "minLength", "maxLength"), int),
        **dict.fromkeys(("required", "readOnly"), bool),
        "value": str,
        "options": dict,
    }
    for told in all_properties(documents):
        assert all(type(value) is wanted[name] for name, value in told.items())
        assert told["type"] in TYPES
        assert told["readOnly"] is False


def test_what_a_template_shows_is_within_its_own_limits(documents):
    for told in all_properties(documents):
        for text in {told.get("value"), told.get("placeholder")} - {None}:
            assert "regex" not in told or Pattern(told["regex"]).fits(text), told
            assert len(text) <= told.get("maxLength", len(text))
            assert told["type"] != "number" or int(text) >= told.get("min", int(text))


def test_regexes_mean_the_same_in_ecmascript(documents):
    regexes = {told["regex"] for told in all_properties(documents) if "regex" in told}
    assert len(regexes) >= 5
    for each in regexes:
        assert Pattern(each).sample(Random(4))


@pytest.mark.parametrize(
    "regex",
    [
        pytest.param(r"(?P<a>b)", id="named as in Python"),
        pytest.param(r"\Aa\Z", id="Python's anchors"),
        pytest.param(r"(?i)a", id="flag inside"),
        pytest.param(r"a\-b", id="escape that u and v refuse"),
        pytest.param(r"[a&&b]", id="operator of v"),
        pytest.param(r"[(]", id="syntax of v in a class"),
        pytest.param(r"[a-]", id="open range"),
        pytest.param(r"a{,2}", id="no lower bound"),
        pytest.param(r"a++", id="possessive"),
        pytest.param(r"a}", id="bare brace"),
    ],
)
def test_a_regex_that_is_not_portable_would_be_noticed(regex):
    with pytest.raises(NotPortable):
        Pattern(regex)


def test_options_are_texts_or_pairs_of_texts(documents):
    found = [told["options"] for told in all_properties(documents) if "options" in told]
    inline = [each["inline"] for each in found if "inline" in each]
    assert {type(options[0]) for options in inline} == {str, dict}
    for options in inline:
        assert len({type(each) for each in options}) == 1
        assert all(
            isinstance(each, str) or [*map(type, each.values())] == [str, str]
            for each in options
        )


def test_what_can_be_chosen_is_told_how_often(documents):
    for told in all_properties(documents):
        if "options" in told:
            assert told["options"]["maxItems"] == 1
            assert told["options"]["minItems"] == int(told["required"])
        if "value" in told and "inline" in told.get("options", {}):
            assert told["value"] in inline_values(told["options"])


def test_a_reference_is_chosen_by_searching(shop, documents):
    links = [
        each["options"]
        for each in all_properties(documents)
        if "link" in each.get("options", {})
    ]
    hrefs = {"/books{?q}", "/products{?q}", "/customers{?name.contains}"}
    assert {each["link"]["href"] for each in links} == hrefs
    for each in links:
        assert each["link"]["templated"] is True
        found = choices_at(client_on(shop), each["link"], "some")
        assert 0 < len(found) <= 20
        assert all(isinstance(item[each["promptField"]], str) for item in found)
        assert all(isinstance(item[each["valueField"]], int) for item in found)


def test_the_form_of_a_line_item_does_not_grow_with_the_products(client):
    order = a_draft(client)
    a_product(client)
    small = read(client, href(order, "wm:lineitems")).json["_templates"]
    for _ in range(30):
        a_product(client)
    assert read(client, href(order, "wm:lineitems")).json["_templates"] == small


def test_every_template_is_of_a_method_that_its_target_allows(shop, documents):
    allow = {
        target: client_on(shop).simulate_options(target).headers["allow"].split(", ")
        for target in {each["target"] for each in all_templates(documents)}
    }
    assert len(allow) > 20
    for each in all_templates(documents):
        assert each["method"] in allow[each["target"]]


def test_a_change_that_is_allowed_but_not_offered_is_a_conflict(shop, documents):
    refused = set()
    for path, document in documents.items():
        if not path.endswith(STEP_NAMES):
            for method in hidden_methods(client_on(shop), path, document):
                answer = client_on(shop).simulate_request(method, path, json=document)
                assert answer.status_code == 409, (method, path)
                refused.add(f"{method} {re.sub('[0-9]+', '_', path)}")
    lines = {f"{method} /orders/_/lineitems/_" for method in CHANGES}
    others = {f"DELETE /{noun}/_" for noun in ("orders", "products", "customers")}
    assert refused == lines | others


def hidden_methods(client, path, document):
    """The changes that OPTIONS names and no template of the document offers."""
    allow = set(client.simulate_options(path).headers["allow"].split(", "))
    offers = {(each["method"], each["target"]) for each in templates_of(document)}
    return {each for each in allow & CHANGES if (each, path) not in offers}


def test_a_reader_is_offered_nothing_but_searches(shop, documents):
    seen = documents_from(client_on(shop, Role.READER))
    assert {each["method"] for each in all_templates(seen)} == {"GET"}
    assert "_templates" not in seen["/books/1"]
    assert documents.keys() - seen.keys() == {"/users", "/users/1"}


def test_an_editor_is_offered_all_but_what_administrators_write(shop, documents):
    seen = documents_from(client_on(shop, Role.EDITOR))
    assert documents.keys() - seen.keys() == {"/users", "/users/1"}
    assert "_templates" not in seen["/configuration"]
    for path in seen.keys() - {"/configuration"}:
        assert seen[path].get("_templates") == documents[path].get("_templates")


def test_documents_of_each_role_have_tags_of_their_own(shop):
    for path in ("/tasks", "/books/1"):
        tags = {read(client_on(shop, role), path).headers["etag"] for role in GRANTED}
        assert len(tags) == 3


def of_an_order(client):
    """What offers less once an order goes on, and how the order goes on."""
    order = a_draft(client)
    line = lineitem(client, order)
    among = href(order, "wm:lineitems")
    return [href(line), among], lambda: client.put(href(order) + "/placement", {})


def of_a_product(client):
    product, order = a_product(client), a_draft(client)
    return [href(product)], lambda: lineitem(client, order, product)


def of_a_customer(client):
    customer = a_customer(client)
    return [href(customer)], lambda: a_draft(client, customer)


def of_a_book(client):
    book = a_book(client)
    return [href(book)], lambda: a_product(client, book=book["id"])


@pytest.mark.parametrize("made", [of_an_order, of_a_product, of_a_customer, of_a_book])
def test_a_document_that_offers_less_has_another_tag(client, made):
    paths, let_it_go_on = made(client)
    before = {path: read(client, path) for path in paths}
    for path, answer in before.items():
        tag = answer.headers["etag"]
        assert read(client, path, if_none_match=tag).status_code == 304
    let_it_go_on()
    for path, answer in before.items():
        again = read(client, path, if_none_match=answer.headers["etag"])
        assert again.status_code == 200
        assert len(templates_of(again.json)) < len(templates_of(answer.json))


def test_a_document_without_forms_keeps_its_tag_when_only_offers_change(client):
    (path,), refer = of_a_product(client)
    tag = client.get(path).headers["etag"]
    refer()
    assert client.get(path, if_none_match=tag).status_code == 304


def test_who_knows_the_root_finds_a_book_and_reviews_it(client):
    a_book(client, title="The Whale's Way", author="Ishmael")
    a_book(client)
    visitor = Visitor(client)
    visitor.submit("GET", "wm:books", Words="whale", Order="Title, descending")
    visitor.open_first()
    visitor.submit("POST", "wm:reviews", Rating="5", Comment="Long,\r\nand deep.")
    assert visitor.document["comment"] == "Long,\nand deep."
    visitor.follow("up")
    assert visitor.document["title"] == "The Whale's Way"
    assert visitor.document["rating"] == 5


def test_who_knows_the_root_buys_what_is_for_sale(client):
    a_product(client, name="Moby-Dick, bound", stock=4, price="12.90")
    visitor = Visitor(client)
    visitor.follow("wm:customers")
    visitor.submit("POST", Name="Ishmael", Email="ishmael@example.org", Country="US")
    visitor.submit("POST", "wm:orders", Note="For the voyage")
    order = href(visitor.document)
    visitor.submit("POST", "wm:lineitems", Product="Moby-Dick, bound", Quantity="3")
    for step in ("placement", "payment", "shipment", "delivery"):
        visitor.go(order)
        visitor.submit("PUT", f"wm:{step}")
    visitor.follow("up")
    assert visitor.document["status"] == "delivered"
    assert visitor.document["total"] == "38.70"
    assert [each["method"] for each in templates_of(visitor.document)] == ["PATCH"]


def test_who_knows_the_root_edits_a_task_and_throws_it_away(client):
    visitor = Visitor(client)
    visitor.follow("wm:tasks")
    visitor.submit("POST", Description="Dust the shelves", Id="dusting")
    task = href(visitor.document)
    visitor.submit("PUT", Description="Dust all shelves")
    visitor.submit("PATCH", Complete="yes")
    assert visitor.document["description"] == "Dust all shelves"
    assert visitor.document["complete"] is True
    visitor.submit("DELETE")
    assert read(client, task).status_code == 404


@pytest.mark.parametrize("seed", [1, 2])
def test_a_walk_by_whatever_is_offered_meets_no_error(client, seed):
    for kind in KINDS:
        make(client, kind)
    wanderer = Wanderer(client, random := Random(seed), filler_of(client, random))
    for _ in range(150):
        wanderer.step()
    assert wanderer.wrong == []
    assert {method for method, _ in wanderer.taken} == METHODS
    assert len(set(wanderer.taken)) >= 30


def filler_of(client, random):
    """It makes orders that can be placed, as far as it depends on what is typed."""
    return Filler(
        client,
        random,
        isbn=lambda: isbn_13(random.randrange(10**9)),
        quantity=lambda: str(random.randint(1, 9)),
        price=lambda: f"{random.randint(1, 99)}.90",
        stock=lambda: str(random.randint(5, 500)),
        currency=lambda: random.choice(["EUR", "EUR", "EUR", "CHF"]),
    )
