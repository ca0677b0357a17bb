"""Every template of every noun takes what it allows and refuses what it does not."""

from itertools import count
from random import Random

import pytest

from api.documents import KINDS
from tests.formfill import (
    FILLINGS,
    Filler,
    present_values,
    read,
    submit,
    templates_of,
    wrong_values,
)
from tests.shop import CHANGEABLE, REPLACEABLE, collection_path, isbn_13, make

every_noun = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
changeable_nouns = pytest.mark.parametrize(
    "kind", CHANGEABLE, ids=lambda kind: kind.name
)
replaceable_nouns = pytest.mark.parametrize(
    "kind", REPLACEABLE, ids=lambda kind: kind.name
)
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
    """A new one of the noun, and where others are made; what a step is offered at."""
    path = collection_path(client, kind)
    if kind.is_offered:
        return [path.rpartition("/")[0]]
    made = make(client, kind, path)
    links = made.json["_links"]
    among = [links[rel]["href"] for rel in ("collection",) if rel in links]
    return list(dict.fromkeys([made.headers["location"], path, *among]))


def offers_of(client, kind):
    """Each template of the noun, with the place that offers it; all are new each time.

    To take one can forbid another, so none is taken from what another was taken from.
    """
    hrefs = places_of(client, kind)
    counts = [len(templates_of(read(client, href).json)) for href in hrefs]
    for place, number in enumerate(counts):
        for which in range(number):
            href = places_of(client, kind)[place]
            yield href, templates_of(read(client, href).json)[which]


STATUS = {"GET": {200}, "POST": {201}, "PUT": {200, 201}, "PATCH": {200}}


@every_noun
@pytest.mark.parametrize("filling", FILLINGS)
def test_what_a_template_allows_succeeds(client, kind, filling):
    fill, wrong = filler(client), []
    for href, template in offers_of(client, kind):
        values = fill.values(template, filling)
        answer = submit(client, template, values)
        if answer.status_code not in STATUS.get(template["method"], {204}):
            wrong.append((href, template["title"], values, answer.text))
    assert wrong == []


@every_noun
def test_what_a_template_forbids_is_400_there_and_changes_nothing(client, kind):
    fill, wrong, tried = filler(client), [], 0
    for href, template in offers_of(client, kind):
        before = read(client, href).json
        for limit, name, answer in refusals(client, template, fill):
            tried += 1
            if told(answer) != {name}:
                wrong.append((href, template["title"], limit, name, answer.text))
        if read(client, href).json != before:
            wrong.append((href, template["title"], "changed"))
    assert wrong == []
    assert tried or kind.name in {"placement", "delivery"}


def refusals(client, template, fill):
    """The answers to the template with one limit broken at a time."""
    for each in template["properties"]:
        name = each["name"]
        for limit, value in wrong_values(each, fill.value(each)):
            values = fill.values(template, "required") | {name: value}
            if value is None:
                del values[name]
            yield limit, name, submit(client, template, values)


def told(answer):
    """The names of the members or parameters that a refusal tells."""
    if answer.status_code != 400:
        return {answer.status}
    return {
        each.get("parameter", each.get("pointer", "?").removeprefix("/"))
        for each in answer.json["errors"]
    }


@replaceable_nouns
def test_an_edit_form_shows_what_it_was_sent(client, kind):
    href = places_of(client, kind)[0]
    sent = filler(client).values(template_at(client, href, "PUT"), "all")
    submit(client, template_at(client, href, "PUT"), sent)
    shown = present_values(template_at(client, href, "PUT"))
    assert {name: comparable(shown[name]) for name in sent} == {
        name: comparable(value) for name, value in sent.items()
    }


def comparable(text):
    """The text, or its amount; cents are added to what is sent without them."""
    try:
        return float(text)
    except ValueError:
        return text


@changeable_nouns
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_form_that_is_sent_back_as_it_is_changes_nothing(client, kind, method):
    if method == "PUT" and not kind.is_replaceable:
        return
    href = places_of(client, kind)[0]
    before = read(client, href)
    template = template_at(client, href, method)
    answer = submit(client, template, present_values(template))
    assert (answer.status_code, answer.json) == (200, before.json)
    assert answer.headers["etag"] == before.headers["etag"]


@every_noun
def test_a_form_for_something_new_can_be_sent_with_what_it_shows(client, kind):
    fill = filler(client)
    for href, template in offers_of(client, kind):
        if template["method"] in {"POST", "GET"}:
            values = present_values(template) | fill.values(template, "required")
            answer = submit(client, template, values)
            assert answer.status_code in {200, 201}, (href, answer.text)


def template_at(client, href, method):
    """The document's template of the method that aims at the document itself."""
    return next(
        each
        for each in templates_of(read(client, href).json)
        if (each["method"], each["target"]) == (method, href)
    )


@every_noun
def test_a_write_answers_with_the_forms_and_the_tag_that_a_read_has(client, kind):
    fill, seen = filler(client), 0
    for _, template in offers_of(client, kind):
        if template["method"] not in {"GET", "DELETE"}:
            seen += 1
            answer = submit(client, template, fill.values(template, "required"))
            again = read(client, answer.json["_links"]["self"]["href"])
            assert again.json == answer.json
            assert again.headers["etag"] == answer.headers["etag"]
    assert seen


@changeable_nouns
def test_a_tag_got_with_forms_is_good_for_a_change(client, kind):
    href = places_of(client, kind)[0]
    old = read(client, href).headers["etag"]
    change = template_at(client, href, "PATCH")
    values = filler(client).values(change, "all")
    first = submit(client, change, values, if_match=old)
    second = submit(client, change, values, if_match=old)
    assert (first.status_code, second.status_code) == (200, 412)
    got = client.get(href).json
    assert client.put(href, got, if_match=first.headers["etag"]).status_code in (
        200 if kind.is_replaceable else 405,
    )
