"""Builders of things: valid bodies made from the schemas, and things made over HTTP."""

from itertools import count

from marshmallow import validate

from api.documents import KINDS
from schemas.base import LARGEST_INTEGER, Flag, Free, Text, Texts, Whole
from schemas.book import Isbn
from schemas.formatted import Choice, Country, Currency, Email, Key, Language, Money

_numbers = count(1)
_STEPS_BEFORE = {
    "placement": (),
    "payment": ("placement",),
    "shipment": ("placement", "payment"),
    "delivery": ("placement", "payment", "shipment"),
    "cancellation": ("placement",),
}

COLLECTED = [kind for kind in KINDS if not kind.is_single]
"""The nouns that stand in collections."""
SINGLE = [kind for kind in KINDS if kind.is_single]
CHANGEABLE = [kind for kind in KINDS if not kind.is_offered]
"""The nouns that can be changed and removed: all but steps, which happen once."""
REPLACEABLE = [kind for kind in CHANGEABLE if kind.is_replaceable]
KEYED = [kind for kind in COLLECTED if not kind.model.numbered]
NUMBERED = [kind for kind in COLLECTED if kind.model.numbered]


def kind_named(name):
    return next(kind for kind in KINDS if kind.name == name)


def body_of(kind, *, changed=False):
    """A body with every member that a client may send; `changed` gives other values.

    An amount that may be left out is, since the server knows which one is right.
    """
    return {
        name: value_of(kind, name, changed=changed)
        for name, field in kind.schema.load_fields.items()
        if name != kind.model.key and (field.required or not isinstance(field, Money))
    }


def value_of(kind, name, *, changed=False):
    """A valid value of the member, found by its field's class and bounds.

    What must be referred to is the first of its noun, which `make` sees to.
    """
    field = kind.schema.load_fields[name]
    if name in kind.model.references:
        return 1 if field.required else None
    for field_class, make_value in _VALUES:
        if isinstance(field, field_class):
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
    (Language, lambda _field, changed: ("en", "de")[changed]),
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
    """The path where one of the noun is made; what it needs is made where it must."""
    name = kind.rel or (kind.name if kind.is_single else kind.plural)
    for member, model in kind.model.references.items():
        field = kind.schema.load_fields.get(member)
        is_there = client.get(f"/{model.name}/1").status_code == 200
        if field and field.required and not is_there:
            make(client, kind_named(model.noun))
    if kind.parent is None:
        return f"/{name}"
    parent = make(client, kind.parent).headers["location"]
    if kind.is_offered:
        prepare(client, parent, kind)
    return f"{parent}/{name}"


def prepare(client, order, step):
    """Let all steps happen to the order that come before the step."""
    lines = kind_named("lineitem")
    sold = make(client, kind_named("product"), stock=1_000).json["id"]
    make(client, lines, f"{order}/{lines.plural}", product=sold, quantity=2)
    for each in _STEPS_BEFORE[step.name]:
        answer = client.put(f"{order}/{each}", {})
        assert answer.status_code == 201, answer.text


def make(client, kind, path=None, **members):
    """The answer to the creation of one of the noun."""
    path = path or collection_path(client, kind)
    body = body_of(kind) | members
    if kind.schema.load_fields.get(kind.model.key):
        body.setdefault(kind.model.key, f"{kind.name}-{next(_numbers)}")
    answer = send_new(client, kind, path, body)
    assert answer.status_code == 201, answer.text
    return answer


def send_new(client, kind, path, body, **headers):
    """The answer to a body that is to make one of the noun: by POST, or by PUT."""
    send = client.put if kind.is_single else client.post
    return send(path, body, **headers)


def a_book(client, **members):
    body = {"title": "Moby-Dick", "author": "Herman Melville", **members}
    answer = client.post("/books", body)
    assert answer.status_code == 201, answer.text
    return answer.json


def href(document, rel="self"):
    return document["_links"][rel]["href"]


def a_customer(client):
    return make(client, kind_named("customer")).json


def a_product(client, **members):
    """A product in the shop's currency, of which there is enough."""
    return make(client, kind_named("product"), **{"stock": 1_000, **members}).json


def a_draft(client, customer=None):
    """An empty order of the customer, or of a new one."""
    customer = customer or a_customer(client)
    answer = client.post(href(customer, "wm:orders"), {})
    assert answer.status_code == 201, answer.text
    return answer.json


def lineitem(client, order, product=None, quantity=1):
    """A line item, newly added to the order."""
    product = product or a_product(client)
    body = {"product": product["id"], "quantity": quantity}
    answer = client.post(href(order, "wm:lineitems"), body)
    assert answer.status_code == 201, answer.text
    return answer.json


def follow(client, document, rel):
    """The document where a link leads."""
    answer = client.get(href(document, rel))
    assert answer.status_code == 200, answer.text
    return answer.json


def refetch(client, document):
    """The document as it is now."""
    return follow(client, document, "self")
