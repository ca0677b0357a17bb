"""Builders of things: valid bodies made from the schemas, and things made over HTTP."""

from itertools import count

from marshmallow import validate

from api.documents import KINDS
from schemas.base import (
    LARGEST_INTEGER,
    Choice,
    Country,
    Currency,
    Email,
    Flag,
    Free,
    Key,
    Money,
    Text,
    Texts,
    Whole,
)
from schemas.book import Isbn

_numbers = count(1)


def kind_named(name):
    return next(kind for kind in KINDS if kind.name == name)


def body_of(kind, *, changed=False):
    """A body with every member that a client may send; `changed` gives other values."""
    return {
        name: None
        if name in kind.model.references
        else value_of(name, field, changed=changed)
        for name, field in kind.schema.load_fields.items()
        if name != kind.model.key
    }


def value_of(_name, field, *, changed=False):
    """A valid value of the field, found by its class and bounds."""
    for kind, make_value in _VALUES:
        if isinstance(field, kind):
            return make_value(field, changed)
    raise LookupError(type(field))


def _whole(field, changed):
    low, high = bounds_of(field)
    # A number without a real bound may be one that must be unique.
    is_unbounded = high == LARGEST_INTEGER
    return min(low + next(_numbers), high) if changed or is_unbounded else low


def _text(field, changed):
    word = "Another" if changed else "Some"
    return field.metadata.get("example") or f"{word} <&> {next(_numbers)}"


# The first class that fits gives the value, so a class stands before its parent.
_VALUES = (
    (Isbn, lambda _field, _changed: isbn_13(next(_numbers))),
    (Key, lambda _field, _changed: f"key-{next(_numbers)}"),
    (Money, lambda _field, _changed: f"{next(_numbers)}.50"),
    (Currency, lambda _field, changed: ("EUR", "CHF")[changed]),
    (Country, lambda _field, changed: ("DE", "AT")[changed]),
    (Choice, lambda field, changed: field.choices[changed]),
    (Email, lambda _field, _changed: f"someone{next(_numbers)}@Example.org"),
    (Text, _text),
    (Whole, _whole),
    (Flag, lambda _field, changed: changed),
    (Texts, lambda _field, changed: ["Größe & Maß", ("first", "changed")[changed]]),
    (
        Free,
        lambda _field, changed: {
            "changed": changed,
            "list": [1, 2.5, None, True, "ä"],
            "empty": {},
        },
    ),
)


def bounds_of(field):
    for rule in field.validators:
        if isinstance(rule, validate.Range):
            return rule.min, rule.max
    return 0, LARGEST_INTEGER


def isbn_13(number):
    digits = f"978{number:09d}"
    total = sum(
        int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)
    )
    return digits + str(-total % 10)


def collection_path(client, kind):
    """The path of a collection of the noun; its parents are made where it has some."""
    if kind.parent is None:
        return f"/{kind.plural}"
    return f"{make(client, kind.parent).headers['location']}/{kind.plural}"


def make(client, kind, path=None, **members):
    """The answer to the creation of one of the noun."""
    path = path or collection_path(client, kind)
    body = body_of(kind) | members
    if kind.schema.load_fields.get(kind.model.key):
        body.setdefault(kind.model.key, f"{kind.name}-{next(_numbers)}")
    answer = client.post(path, body)
    assert answer.status_code == 201, answer.text
    return answer


def a_book(client, **members):
    body = {"title": "Moby-Dick", "author": "Herman Melville", **members}
    answer = client.post("/books", body)
    assert answer.status_code == 201, answer.text
    return answer.json


def href(document, rel="self"):
    return document["_links"][rel]["href"]
