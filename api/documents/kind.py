"""Kind: the one declaration of a noun, from which everything else is derived."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from marshmallow import fields

from api.hypermedia import relations
from api.hypermedia.document import Links, Member, Shape
from api.models.base import Model
from api.roles import Access, Belonging, Role
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
from schemas.formatted import Money
from schemas.limits import limits_of

OWNER = "customer"
"""The noun for one of which a user can stand, who then sees nothing of the others'."""
Linker = Callable[[Any], Links]
"""A function from a stored row to links."""


@dataclass(frozen=True, eq=False)
class Kind:
    """A noun: how it is kept, what it shows, where its links lead.

    `read_by` and `write_by` are the least roles that may. `linker` makes the links
    beyond `self`, `collection`, `up`, `alternate`, and those to nested nouns. `offers`
    names nested nouns that can be made of a row now; only then it links to them. What
    `is_part` stands inside of its parent, whole. A PUT that leaves out a member in
    `keeps` leaves it as it is; what is not `is_replaceable` has no PUT. `rel` is the
    relation that leads there, if it is not called like the noun. `only_values` are the
    values that an offered noun may have, by the row it is made of. People say `called`,
    if not the noun itself, and `act` for making an offered one.
    """

    model: Model
    schema_class: type[NounSchema]
    parent: "Kind | None" = None
    read_by: Role = Role.READER
    write_by: Role = Role.EDITOR
    linker: Callable[[Uris], Linker] | None = None
    offers: Callable[[Any], Sequence[str]] | None = None
    is_offered: bool = False
    is_part: bool = False
    is_replaceable: bool = True
    only_values: Callable[[Any], Mapping[str, str]] | None = None
    keeps: frozenset[str] = frozenset()
    rel: str | None = None
    called: str | None = None
    act: str | None = None

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
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """The values of the members that have few."""
        found = {name: limits_of(bound) for name, bound in self.schema.fields.items()}
        return {name: each.choices for name, each in found.items() if each.choices}

    @cached_property
    def dump(self) -> Dumper:
        """The compiled dumper: a stored row as its members."""
        columns = {column.name: place for place, column in enumerate(self.model.shown)}
        return compiled_dumper(self.schema, columns)

    @cached_property
    def slug(self) -> str:
        """The noun as it stands in the names of schemas; others add an ending."""
        return self.name.replace("_", "-")

    @cached_property
    def access(self) -> Access:
        """Who may read and write it, and whose it is."""
        return Access(self.read_by, self.write_by, self._belonging)

    @property
    def _belonging(self) -> Belonging:
        if self.name == OWNER:
            return Belonging.CUSTOMER
        if self.parent is None:
            return Belonging.SHOP
        above = self.parent.access.belonging
        return Belonging.SHOP if above is Belonging.SHOP else Belonging.OF_CUSTOMER

    @property
    def is_public(self) -> bool:
        """Whether all may read it who may read anything, so that caches may keep it."""
        return self.read_by is Role.VISITOR

    @property
    def label(self) -> str:
        """What people call one of the noun."""
        return self.called or self.name.replace("_", " ")

    @property
    def label_of_many(self) -> str:
        """What people call several of the noun."""
        return f"{self.called}s" if self.called else self.plural.replace("_", " ")

    @cached_property
    def changes(self) -> tuple[str, ...]:
        """The methods that change or remove one of the noun."""
        if self.is_offered:
            return ()
        return (
            ("PUT", "PATCH", "DELETE") if self.is_replaceable else ("PATCH", "DELETE")
        )

    @property
    def is_single(self) -> bool:
        """Whether there is one at most for each owner, and so no collection."""
        return self.model.is_single

    @property
    def stands_alone(self) -> bool:
        """Whether its path begins at the root."""
        return self.parent is None or self.model.stands_alone

    @property
    def opened_at(self) -> str:
        """The name of the path where a client finds those of one owner."""
        return self.name if self.is_single else self.model.opened_at

    @property
    def relation(self) -> str:
        """The relation that leads to the noun's collection, or to a single one."""
        return relations.extension(
            self.rel or (self.name if self.is_single else self.plural)
        )

    @property
    def member_relation(self) -> str:
        """The relation that leads to one of the noun, by its key."""
        return relations.extension(self.name)

    @cached_property
    def key_places(self) -> tuple[int, ...]:
        """Where in a row the keys of its path stand: its parent's, then its own."""
        names = [column.name for column in self.model.shown]
        keys = [] if self.stands_alone else [str(self.model.owner)]
        if not self.is_single:
            keys.append(self.model.key)
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
