"""Kind: the one declaration of a noun, from which everything else is derived."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

from marshmallow import fields

from api.hypermedia import relations
from api.hypermedia.document import Links, Member, Shape
from api.models.base import Model
from api.uris import Uris
from schemas.base import (
    Dumper,
    Flag,
    Free,
    NounSchema,
    Rating,
    Texts,
    Timestamp,
    Whole,
    compiled_dumper,
    shown_fields,
)

Linker = Callable[[Any], Links]
"""A function from a stored row to links."""


@dataclass(frozen=True, eq=False)
class Kind:
    """A noun: how it is kept, what it shows, where its links lead.

    `is_public` tells whether shared caches may keep it. `linker` makes the links beyond
    `self`, `collection`, `up`, `alternate` and those to nested nouns. A PUT that leaves
    out a member in `keeps` leaves it as it is.
    """

    model: Model
    schema_class: type[NounSchema]
    parent: "Kind | None" = None
    is_public: bool = False
    linker: Callable[[Uris], Linker] | None = None
    keeps: frozenset[str] = frozenset()

    @cached_property
    def name(self) -> str:
        """The noun in the singular, which names the path of one."""
        return self.model.noun

    @cached_property
    def plural(self) -> str:
        """The noun in the plural, which names the path of the collection."""
        return self.model.name

    @cached_property
    def schema(self) -> NounSchema:
        """The schema, made once."""
        return self.schema_class()

    @cached_property
    def shape(self) -> Shape:
        """The members that a document of the noun shows."""
        return Shape(
            {name: _member(bound) for name, bound in shown_fields(self.schema).items()}
        )

    @cached_property
    def dump(self) -> Dumper:
        """The compiled dumper: a stored row as its members."""
        columns = {
            column.name: place for place, column in enumerate(self.model.table.c)
        }
        return compiled_dumper(self.schema, columns)

    @property
    def relation(self) -> str:
        """The relation that leads to the noun's collection."""
        return relations.extension(self.plural)

    @property
    def member_relation(self) -> str:
        """The relation that leads to one of the noun, by its key."""
        return relations.extension(self.name)

    @cached_property
    def keys_of(self) -> Callable[[Any], tuple[Any, ...]]:
        """A function from a row to the keys of its path: its parent's, then its own."""
        columns = [column.name for column in self.model.table.c]
        key = columns.index(self.model.key)
        if self.model.owner is None:
            return lambda row: (row[key],)
        return itemgetter(columns.index(self.model.owner), key)


def _member(bound: fields.Field[Any]) -> Member:
    if isinstance(bound, Whole | Rating):
        return Member.NUMBER
    if isinstance(bound, Flag):
        return Member.BOOLEAN
    if isinstance(bound, Texts):
        return Member.TEXTS
    if isinstance(bound, Timestamp):
        return Member.TIME
    return Member.FREE if isinstance(bound, Free) else Member.TEXT
