"""Every template of every noun takes what it allows and refuses what it does not."""

import json
from itertools import count
from random import Random
from urllib.parse import urlencode

import pytest

from api.documents import KINDS
from tests.formfill import (
    URLENCODED,
    Filler,
    present_values,
    read,
    submit,
    templates_of,
    wrong_values,
)
from tests.shop import (
    CHANGEABLE,
    COLLECTED,
    REPLACEABLE,
    a_book,
    a_product,
    body_of,
    collection_path,
    href,
    isbn_13,
    kind_named,
    make,
)


def nouns(kinds):
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.name)


every_noun = nouns(KINDS)
collected_nouns = nouns(COLLECTED)
changeable_nouns = nouns(CHANGEABLE)
replaceable_nouns = nouns(REPLACEABLE)
_books = count(10**8)


def filler(client, seed=4):
    """It knows what no form can tell: the check of an ISBN, the bound of a total."""
    random = Random(seed)
    return Filler(
        client,
        random,
        isbn=lambda: isbn_13(next(_books)),
        quantity=lambda: str(random.randint(1, 9)),
    )


def places_of(client, kind):
    """Where others of the noun are made, and a new one; what offers a step."""
    path = collection_path(client, kind)
    if kind.is_offered:
        return [path.rpartition("/")[0]]
    if kind.is_single:
        client.put(path, body_of(kind))
        return [path]
    if kind.name == "order":
        make(client, kind_named("product"))
    made = make(client, kind, path)
    among = made.json["_links"]["collection"]["href"]
    return list(dict.fromkeys([path, among, made.headers["location"]]))


def offers_of(client, kind):
    """Each template of the noun; removed is another thing than what was added to."""
    found = []
    for place in places_of(client, kind):
        for template in templates_of(read(client, place).json):
            if kind.is_offered and not template["target"].endswith(f"/{kind.name}"):
                continue
            if template["method"] == "DELETE":
                path = places_of(client, kind)[-1]
                found.append(templates_of(read(client, path).json)[-1])
            else:
                found.append(template)
    return found


GOOD = {"GET": {200}, "POST": {201}, "PUT": {200, 201}, "PATCH": {200}, "DELETE": {204}}


@every_noun
@pytest.mark.parametrize("filling", ["required", "some", "all"])
def test_what_a_template_allows_succeeds(client, kind, filling):
    fill, wrong = filler(client), []
    for template in offers_of(client, kind):
        answer = submit(client, template, fill.values(template, filling))
        if answer.status_code not in GOOD[template["method"]]:
            wrong.append((template["title"], said(answer)))
    assert wrong == []


@every_noun
@pytest.mark.parametrize("limit", ["least", "most"])
def test_the_limits_of_a_template_are_still_allowed(client, kind, limit):
    fill, wrong = filler(client), []
    for template in offers_of(client, kind):
        answer = submit(client, template, fill.values(template, limit))
        if answer.status_code not in GOOD[template["method"]]:
            wrong.append((template["title"], said(answer)))
        elif template["method"] == "POST":
            # What is unique can stand on its limit once.
            client.delete(answer.headers["location"])
    assert wrong == []


@every_noun
def test_what_a_template_forbids_is_400_there_and_changes_nothing(client, kind):
    fill, wrong = filler(client), []
    for path in places_of(client, kind):
        before = read(client, path).json
        for template in templates_of(before):
            if template["method"] != "GET":
                wrong += unrefused(client, kind, template, fill)
        assert read(client, path).json == before
    assert wrong == []


@collected_nouns
def test_what_a_search_forbids_is_400_at_its_parameter(client, kind):
    fill = filler(client)
    path = make(client, kind).json["_links"]["collection"]["href"]
    search = templates_of(read(client, path).json)[-1]
    assert search["method"] == "GET"
    assert unrefused(client, kind, search, fill) == []


def unrefused(client, kind, template, fill):
    """Each limit that was broken alone and not refused at its property, and how not."""
    found = []
    for each in template["properties"]:
        name = each["name"]
        for limit, value in wrong_values(each, fill.value(each)):
            values = fill.values(template, "required") | {name: value or ""}
            if value is None:
                del values[name]
            answer = submit(client, template, values)
            # What a PUT keeps when it is left out is required of something new only.
            if told(answer) != {name} and not (name in kind.keeps and not value):
                found.append((template["title"], limit, name, said(answer)))
    return found


def told(answer):
    """The names of the members and parameters that are wrong, as a refusal tells."""
    if answer.status_code != 400:
        return set()
    return {
        each.get("parameter", each.get("pointer", "").removeprefix("/"))
        for each in answer.json.get("errors", [{}])
    }


def said(answer):
    """What an answer says, in so few words that a list of them can be read."""
    told = answer.json if answer.text else {}
    return answer.status, told.get("detail"), told.get("errors")


@replaceable_nouns
def test_an_edit_form_shows_what_it_was_sent(client, kind):
    path = places_of(client, kind)[-1]
    sent = filler(client).values(template_at(client, path, "PUT"), "all")
    submit(client, template_at(client, path, "PUT"), sent)
    shown = present_values(template_at(client, path, "PUT"))
    assert {name: comparable(shown[name]) for name in sent} == {
        name: comparable(value) for name, value in sent.items()
    }


def comparable(text):
    """The JSON value that is written so, or the text; an amount may gain its cents."""
    try:
        return json.loads(text)
    except ValueError:
        return text


@changeable_nouns
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_form_that_is_sent_back_as_it_is_changes_nothing(client, kind, method):
    if method == "PUT" and not kind.is_replaceable:
        return
    path = places_of(client, kind)[-1]
    client.patch(path, body_of(kind, changed=True))
    before = read(client, path)
    template = template_at(client, path, method)
    answer = submit(client, template, present_values(template))
    assert (answer.status_code, answer.json) == (200, before.json)
    assert answer.headers["etag"] == before.headers["etag"]


@every_noun
def test_a_form_for_something_new_can_be_sent_with_what_it_shows(client, kind):
    fill = filler(client)
    for template in offers_of(client, kind):
        if template["method"] in {"POST", "GET"}:
            values = present_values(template) | fill.values(template, "required")
            answer = submit(client, template, values)
            assert answer.status_code in {200, 201}, said(answer)


def template_at(client, path, method):
    """The document's template of the method that aims at the document itself."""
    return next(
        each
        for each in templates_of(read(client, path).json)
        if (each["method"], each["target"]) == (method, path)
    )


@every_noun
def test_a_write_answers_with_the_forms_and_the_tag_that_a_read_has(client, kind):
    fill, seen = filler(client), 0
    for template in offers_of(client, kind):
        if template["method"] not in {"GET", "DELETE"}:
            seen += 1
            answer = submit(client, template, fill.values(template, "all"))
            again = read(client, answer.json["_links"]["self"]["href"])
            assert again.json == answer.json
            assert again.headers["etag"] == answer.headers["etag"]
    assert seen


@changeable_nouns
def test_a_tag_got_with_forms_is_good_for_a_change(client, kind):
    path = places_of(client, kind)[-1]
    old = read(client, path).headers["etag"]
    change = template_at(client, path, "PATCH")
    values = filler(client).values(change, "all")
    first = submit(client, change, values, if_match=old)
    second = submit(client, change, values, if_match=old)
    assert (first.status_code, second.status_code) == (200, 412)
    got = client.get(path).json
    assert client.put(path, got, if_match=first.headers["etag"]).status_code in (
        200 if kind.is_replaceable else 405,
    )


def send_form(client, method, path, **values):
    return client.send(method, path, urlencode(values), URLENCODED)


def test_a_change_by_form_changes_what_it_names(client):
    before = make(client, kind_named("customer")).json
    answer = send_form(client, "PATCH", href(before), city="Köln & Bonn", phone="")
    assert answer.status_code == 200
    changed = {name for name in before if before[name] != answer.json[name]}
    assert (changed, answer.json["city"]) == ({"city", "updated"}, "Köln & Bonn")


def test_a_form_of_blank_fields_changes_nothing(client):
    before = make(client, kind_named("customer"))
    path = before.headers["location"]
    blank = dict.fromkeys(body_of(kind_named("customer")), "")
    answer = send_form(client, "PATCH", path, **blank)
    assert (answer.status_code, answer.json) == (200, before.json)
    assert send_form(client, "PATCH", path).status_code == 200


def test_a_form_has_each_text_of_a_list_in_a_line(client):
    book = a_book(client, subjects=["Whales"])
    answer = send_form(client, "PATCH", href(book), subjects="The sea\r\n\r\nShips\n")
    assert answer.json["subjects"] == ["The sea", "Ships"]


@pytest.mark.parametrize("text", ["true", "false"])
def test_a_form_says_yes_or_no_by_true_or_false(client, text):
    task = make(client, kind_named("task"), complete=text == "false").json
    answer = send_form(client, "PATCH", href(task), complete=text)
    assert answer.json["complete"] is (text == "true")
    assert send_form(client, "PATCH", href(task), complete="on").status_code == 400


def test_line_breaks_of_a_form_are_kept_as_line_feeds(client):
    task = make(client, kind_named("task")).json
    answer = send_form(client, "PATCH", href(task), description="one\r\ntwo\nthree")
    assert answer.json["description"] == "one\ntwo\nthree"


def test_a_put_by_form_returns_blank_fields_to_their_defaults(client):
    product = a_product(client, description="Heavy", stock=3)
    values = {"sku": "a", "name": "b", "price": "5", "currency": "EUR", "stock": ""}
    answer = send_form(client, "PUT", href(product), **values, description="")
    assert (answer.json["stock"], answer.json["description"]) == (0, None)
    assert answer.json["price"] == "5.00"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        pytest.param("pages", "5095835634489374.5", id="too many digits"),
        pytest.param("pages", "1e400", id="too large"),
        pytest.param("title", "a\x01b", id="control character"),
        pytest.param("nme", "a", id="unknown"),
    ],
)
def test_each_fault_of_a_form_stands_beside_its_field(client, field, text):
    values = {"title": "Moby-Dick", "author": "Herman Melville", field: text}
    answer = send_form(client, "POST", "/books", **values)
    assert answer.status_code == 400
    assert [each["pointer"] for each in answer.json["errors"]] == [f"/{field}"]


@pytest.mark.parametrize(
    "value",
    [{"a": [1, None]}, [True], "plain", '"quoted"', "1", "null", "", 1.5, None, True],
    ids=repr,
)
def test_a_free_value_survives_its_own_edit_form(client, value):
    item = make(client, kind_named("item"), value=value).json
    [edit] = [
        each
        for each in templates_of(read(client, href(item)).json)
        if each["method"] == "PUT"
    ]
    values = {each["name"]: each.get("value", "") for each in edit["properties"]}
    assert submit(client, edit, values).json["value"] == value


@pytest.mark.parametrize(
    ("noun", "member", "value"),
    [
        pytest.param("product", "currency", "USD", id="currency"),
        pytest.param("customer", "country", "FR", id="country"),
        pytest.param("user", "role", "admin", id="role"),
        pytest.param("task", "complete", True, id="yes or no"),
        pytest.param("lineitem", "product", 1, id="reference"),
    ],
)
def test_a_choice_of_one_is_taken_as_a_list_of_one_too(client, noun, member, value):
    path = make(client, kind_named(noun)).headers["location"]
    answer = client.patch(path, {member: [value]})
    assert (answer.status_code, answer.json.get(member)) == (200, value)
    assert client.patch(path, {member: [value, value]}).status_code == 400
    assert client.patch(path, {member: []}).status_code == 400
