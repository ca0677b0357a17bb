"""Examples of what the service shows and takes, made as all else is that it shows."""

from collections.abc import Mapping
from typing import Any

import msgspec
from marshmallow import fields

from api.descriptions.nouns import INPUT, NEW, PATCH
from api.documents import children_of
from api.documents.building import EXCERPT, PAGE, Builder
from api.documents.kind import Kind
from api.formats.hal import resource_of
from api.hypermedia import relations
from api.hypermedia.document import Document
from api.models.base import Json
from api.storage.pages import Page, Total, position_behind
from api.storage.query import CollectionQuery, MemberQuery
from schemas.base import Flag, Free, Rating, Texts, Timestamp, Whole
from schemas.limits import limits_of

_FIRST = 1


class Examples:
    """Documents and bodies of each noun, as they are below a mount prefix."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def of(self, kind: Kind, schema: str) -> Any:
        """An example of the noun's schema of that name."""
        ending = schema.removeprefix(kind.slug).removeprefix("-")
        if ending == PATCH:
            return dict([next(iter(taken(kind, is_new=False).items()))])
        if ending in {INPUT, NEW}:
            return taken(kind, is_new=ending == NEW)
        made = {PAGE: self.page, EXCERPT: self.excerpt}.get(ending, self.member)
        return msgspec.to_builtins(resource_of(made(kind)))

    def member(self, kind: Kind) -> Document:
        """One of the noun."""
        document = self._builder.member(kind, row(kind))
        for part in children_of(kind):
            if part.is_part:
                inside = self._builder.members(part, [row(part)])
                document.embedded[relations.ITEM] = inside
        return document

    def excerpt(self, kind: Kind) -> Document:
        """One of the noun, of which just the first members were asked for."""
        first = next(iter(taken(kind) or {"created": ""}))
        query = MemberQuery(frozenset({first}))
        return self._builder.member(kind, row(kind), query)

    def page(self, kind: Kind) -> Document:
        """A page of the noun's collection, which holds one of many."""
        keys = () if kind.stands_alone else kind.keys_of(row(kind))[:-1]
        query = CollectionQuery(limit=1, parameters=(("limit", "1"),))
        total, shown = Total(2, is_exact=True), row(kind)
        page = Page([shown], None, position_behind(kind.model, shown))
        return self._builder.page(kind, keys, query, page, total)


def row(kind: Kind) -> Any:
    """A stored row of the noun."""
    model, known = kind.model, shown(kind)
    hidden: dict[str, Any] = {
        each.name: [] if isinstance(each.type, Json) else _FIRST
        for each in model.columns
        if each.name not in known
    }
    return model.record((known | hidden)[each.name] for each in model.columns)


def shown(kind: Kind) -> dict[str, Any]:
    """The members of one of the noun, as they are kept."""
    return {
        name: kind.schema_class.example.get(name, _value_of(bound))
        for name, bound in kind.schema.fields.items()
    }


def taken(kind: Kind, *, is_new: bool = True) -> dict[str, Any]:
    """The members that a client may send of the noun; one with a key chooses it."""
    fixed = set() if is_new and not kind.model.numbered else {kind.model.key}
    members = shown(kind)
    return {
        name: members[name] for name in kind.schema.load_fields if name not in fixed
    }


def _value_of(bound: fields.Field[Any]) -> Any:
    """Some value of the field."""
    for field_class, value in _VALUES.items():
        if isinstance(bound, field_class):
            return value
    limits = limits_of(bound)
    if isinstance(bound, Whole):
        return _FIRST if limits.low is None else limits.low
    return limits.choices[0] if limits.choices else limits.example or "Some text"


_VALUES: Mapping[type, Any] = {
    Flag: False,
    Texts: ["One", "Another"],
    Free: {"any": ["JSON", 1, None]},
    Rating: 4.5,
    Timestamp: "2026-11-21T08:00:00.000000Z",
}
