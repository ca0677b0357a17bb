"""Kind: the one declaration of a noun, from which everything else is derived."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
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
    Money,
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
        columns = {column.name: place for place, column in enumerate(self.model.shown)}
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
    def key_places(self) -> tuple[int, ...]:
        """Where in a row the keys of its path stand: its parent's, then its own."""
        names = [column.name for column in self.model.shown]
        keys = (
            [self.model.owner, self.model.key] if self.model.owner else [self.model.key]
        )
        return tuple(map(names.index, keys))

    def keys_of(self, row: Any) -> tuple[Any, ...]:
        """The keys of the row's path: its parent's, then its own."""
        return tuple(row[place] for place in self.key_places)


def _member(bound: fields.Field[Any]) -> Member:
    if isinstance(bound, Whole | Rating):
        return Member.NUMBER
    if isinstance(bound, Flag):
        return Member.BOOLEAN
    if isinstance(bound, Texts):
        return Member.TEXTS
    if isinstance(bound, Money):
        return Member.MONEY
    if isinstance(bound, Timestamp):
        return Member.TIME
    return Member.FREE if isinstance(bound, Free) else Member.TEXT
