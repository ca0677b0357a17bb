"""What a client asks of a collection, checked and free of any syntax."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 200
COUNTED_TO = 10_000
"""Where the count of a filtered collection stops, unless an exact one is asked for."""


class Operator(StrEnum):
    """How a filter compares; the name is what stands behind the member's dot."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    CONTAINS = "contains"


class Counting(StrEnum):
    """How the members of a collection are to be counted."""

    BOUNDED = "bounded"
    EXACT = "exact"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a member; the value is a tuple for `IN`."""

    member: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class SortKey:
    """A member to sort by."""

    member: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: behind a row, or before it where `backward`.

    `values` are the row's sort values, its serial last; without any, the page begins
    at the end of the collection that the direction leads away from.
    """

    backward: bool = False
    values: tuple[Any, ...] = ()


START = Position()
END = Position(backward=True)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which members of a collection, in which order: all but the place in it."""

    filters: tuple[Filter, ...] = ()
    words: tuple[str, ...] | None = None
    sort: tuple[SortKey, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether no member is left out."""
        return not self.filters and self.words is None

    @property
    def is_bounded(self) -> bool:
        """Whether a page costs the same however many members there are."""
        return self.is_everything and len(self.sort) <= 1


@dataclass(frozen=True, slots=True)
class MemberQuery:
    """What a client asks of one thing: which members, and which relations inside it."""

    fields: frozenset[str] | None = None
    embed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CollectionQuery:
    """What a client asks of a collection.

    `parameters` are the query's own, as they came and without the cursor: what links
    to other pages must repeat.
    """

    selection: Selection = Selection()
    position: Position = START
    limit: int = DEFAULT_LIMIT
    member: MemberQuery = MemberQuery()
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def is_of_page(self) -> bool:
        """Whether it asks for just one page, even of what could be told whole.

        Who goes backward comes from a page and wants the one before it.
        """
        is_limited = any(name == "limit" for name, _ in self.parameters)
        return is_limited or self.position.backward
