"""Query strings of collections and members: strict, with every fault named at once.

`limit`, `cursor`, `sort`, `q`, `fields` and `embed` have a meaning of their own; any
other name is a member to filter by, perhaps with an operator: `published.gte=1949`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl

from api.errors import Fault, InvalidQuery, MalformedBody
from api.hypermedia.document import Member
from api.models.base import Model, timestamp
from api.protocol.text_bodies import converted
from api.storage.cursors import BrokenCursor, decode_cursor
from api.storage.query import (
    DEFAULT_LIMIT,
    LARGEST_LIMIT,
    START,
    CollectionQuery,
    Filter,
    MemberQuery,
    Operator,
    Selection,
    SortKey,
)
from api.uris import encode_query
from schemas.base import LARGEST_INTEGER, is_carried
from schemas.formatted import Money

_LIMIT = re.compile(r"[1-9][0-9]{0,8}")
_DATE = re.compile(r"[0-9-]{8,10}")
_WORD = re.compile(r"\w")
_ORDERED = tuple(each for each in Operator if each is not Operator.CONTAINS)
OPERATORS: Mapping[Member, tuple[Operator, ...]] = {
    Member.TEXT: tuple(Operator),
    Member.TIME: _ORDERED,
    Member.NUMBER: _ORDERED,
    Member.MONEY: _ORDERED,
    Member.BOOLEAN: (Operator.EQ, Operator.NE),
    Member.TEXTS: (Operator.EQ, Operator.CONTAINS),
    Member.FREE: (),
}
EXACT = (Operator.EQ, Operator.NE, Operator.IN)
_PAGING = ("limit", "cursor", "sort")
_SHOWING = ("fields", "embed")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """What can be asked of a noun: its members, the relations that can be embedded.

    `choices` are the values of members that have few.
    """

    model: Model
    members: Mapping[str, Member]
    embeddable: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def sortable(self) -> tuple[str, ...]:
        """The members that an index orders."""
        return tuple(filter(self.model.is_sortable, self.members))


@lru_cache(maxsize=4096)
def collection_query(
    vocabulary: Vocabulary,
    query_string: str,
    is_lenient: bool = False,
    within: tuple[Filter, ...] = (),
) -> CollectionQuery:
    """What the query string asks of a collection, or of what lies `within` of it.

    Raises:
        InvalidQuery: it can't be understood; names every fault and a corrected one.
    """
    reader = _Reader(vocabulary, query_string, is_lenient=is_lenient, within=within)
    reader.take_all()
    if reader.faults:
        raise InvalidQuery(reader.faults, corrected=_corrected(reader))
    return CollectionQuery(
        reader.selection,
        reader.position,
        reader.limit,
        MemberQuery(reader.fields, tuple(reader.embed)),
        tuple(pair for pair in reader.kept if pair[0] != "cursor"),
    )


def _corrected(reader: "_Reader") -> str:
    """What was right of a query, and what was likely meant, as a query of its own.

    What was likely meant may be wrong in turn, and then is left out.
    """
    again = reader
    while again.faults:
        query_string = encode_query(again.kept)[1:]
        again = _Reader(reader.vocabulary, query_string, within=reader.within)
        again.take_all()
    return encode_query(again.kept)[1:]


@lru_cache(maxsize=1024)
def member_query(
    vocabulary: Vocabulary,
    query_string: str,
    is_lenient: bool = False,
) -> MemberQuery:
    """What the query string asks of one thing.

    Raises:
        InvalidQuery: it can't be understood; names every fault and a corrected one.
    """
    reader = _Reader(vocabulary, query_string, is_lenient=is_lenient)
    for name, value in reader.pairs:
        if name in _SHOWING:
            reader.take(name, value, list(_SHOWING))
        else:
            reader.unknown(name, name, _SHOWING)
    if reader.faults:
        raise InvalidQuery(reader.faults, corrected=encode_query(reader.kept)[1:])
    return MemberQuery(reader.fields, tuple(reader.embed))


class _Reader:
    """Takes parameters one by one, and notes what is wrong and what would be right."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        query_string: str,
        *,
        is_lenient: bool = False,
        within: tuple[Filter, ...] = (),
    ) -> None:
        self.vocabulary = vocabulary
        self.within = within
        self.is_lenient = is_lenient
        self.faults: list[Fault] = []
        self.kept: list[tuple[str, str]] = []
        self.filters: list[Filter] = [*within]
        self.sort: list[SortKey] = []
        self.words: tuple[str, ...] | None = None
        self.fields: frozenset[str] | None = None
        self.embed: list[str] = []
        self.limit = DEFAULT_LIMIT
        self.cursor: str | None = None
        self.position = START
        self.pairs = self._pairs(query_string)

    def take_all(self) -> None:
        """Understand every parameter of a collection's query."""
        searched = ["q"] if self.vocabulary.model.fulltext else []
        for name, value in self.pairs:
            self.take(name, value, [*_PAGING, *_SHOWING, *searched])
        self._take_position()

    def take(self, name: str, value: str, names: list[str]) -> None:
        """Understand one parameter; `names` are those with a meaning of their own."""
        if not value and self._is_known(name, names):
            # A blank field of a form is absent.
            return
        if name not in names:
            self._take_filter(name, value, names)
            return
        if any(name == each for each, _ in self.kept):
            self.fault(name, "The parameter stands twice.", "repeated")
            return
        taking: Mapping[str, Callable[[str], bool]] = {
            "limit": self._take_limit,
            "cursor": self._take_cursor,
            "sort": self._take_sort,
            "q": self._take_words,
            "fields": self._take_fields,
            "embed": self._take_embed,
        }
        if taking[name](value):
            self.kept.append((name, value))

    @property
    def selection(self) -> Selection:
        """Which members were asked for, in which order."""
        return Selection(tuple(self.filters), self.words, tuple(self.sort))

    def _is_known(self, name: str, names: list[str]) -> bool:
        member, _, operator = name.partition(".")
        kind = self.vocabulary.members.get(member, Member.FREE)
        return name in names or (operator or Operator.EQ) in OPERATORS[kind]

    def _take_position(self) -> None:
        """Where the cursor points to in the selection's order."""
        if self.cursor is None:
            return
        model = self.vocabulary.model
        try:
            self.position = decode_cursor(model, self.selection, self.cursor)
        except BrokenCursor:
            self.kept = [pair for pair in self.kept if pair[0] != "cursor"]
            self.fault("cursor", "It is no cursor of this collection in this order.")

    def fault(self, name: str, detail: str, code: str = "invalid") -> None:
        """Note that a parameter is wrong."""
        self.faults.append(Fault(detail, code, parameter=name))

    def unknown(self, parameter: str, name: str, known: Iterable[str]) -> str | None:
        """Note that a name is unknown, and give the known one that was likely meant."""
        if self.is_lenient:
            return None
        choices = [str(each) for each in known]
        near = get_close_matches(name, choices, n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        listed = ", ".join(choices) or "none"
        detail = f"{name!r} is unknown.{meant} There are: {listed}."
        self.fault(parameter, detail, "unknown")
        return near[0] if near else None

    def _pairs(self, query_string: str) -> list[tuple[str, str]]:
        """The parameters in their order, those with a blank value too."""
        try:
            found = parse_qsl(query_string, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:
            self.fault("?", "The query is not UTF-8.", "encoding")
            return []
        wrong = [name for name, value in found if not is_carried(name + value)]
        for name in wrong:
            self.fault(name, "Control characters are refused.", "character")
        normal = unicodedata.normalize
        return [
            (name, normal("NFC", value)) for name, value in found if name not in wrong
        ]

    def _take_limit(self, value: str) -> bool:
        if _LIMIT.fullmatch(value) and int(value) <= LARGEST_LIMIT:
            self.limit = int(value)
            return True
        self.fault("limit", f"A number from 1 to {LARGEST_LIMIT} is expected.", "range")
        return False

    def _take_cursor(self, value: str) -> bool:
        self.cursor = value
        return True

    def _take_words(self, value: str) -> bool:
        self.words = tuple(word for word in value.split() if _WORD.search(word))
        return True

    def _take_sort(self, value: str) -> bool:
        good: list[str] = []
        sortable = self.vocabulary.sortable
        for each in filter(None, value.split(",")):
            name = each.removeprefix("-")
            if any(key.member == name for key in self.sort):
                self.fault("sort", f"{name!r} stands twice.", "repeated")
            elif name in sortable:
                good.append(each)
                self.sort.append(SortKey(name, descending=each != name))
            elif near := self.unknown("sort", name, sortable):
                good.append(each.replace(name, near))
        return self._as_given("sort", value, good)

    def _take_fields(self, value: str) -> bool:
        good = self._listed("fields", value, self.vocabulary.members)
        self.fields = frozenset(good) if good else None
        return self._as_given("fields", value, good)

    def _take_embed(self, value: str) -> bool:
        self.embed = self._listed("embed", value, self.vocabulary.embeddable)
        return self._as_given("embed", value, self.embed)

    def _listed(self, parameter: str, value: str, known: Iterable[str]) -> list[str]:
        good: list[str] = []
        for name in filter(None, value.split(",")):
            if name in known:
                good.append(name)
            elif near := self.unknown(parameter, name, known):
                good.append(near)
        return good

    def _as_given(self, name: str, value: str, good: list[str]) -> bool:
        """Whether a list is good as it is; if not, its good part is kept instead."""
        if ",".join(good) == value:
            return True
        if good:
            self.kept.append((name, ",".join(good)))
        return False

    def _take_filter(self, name: str, value: str, names: list[str]) -> None:
        member, _, suffix = name.partition(".")
        filterable = {
            each: OPERATORS[kind]
            for each, kind in self.vocabulary.members.items()
            if OPERATORS[kind]
        }
        if member not in filterable:
            near = self.unknown(name, member, [*filterable, *names])
            if near is not None:
                # What has a meaning of its own takes no operator.
                ending = f".{suffix}" if suffix and near in filterable else ""
                self.kept.append((near + ending, value))
            return
        operator = suffix or Operator.EQ.value
        if operator not in filterable[member]:
            near = self.unknown(name, operator, filterable[member])
            if not self.is_lenient:
                self.kept.append((f"{member}.{near}" if near else member, value))
            return
        try:
            checked = self._operand(member, Operator(operator), value)
        except ValueError as ex:
            self.fault(name, str(ex), "type")
        else:
            self.filters.append(Filter(member, Operator(operator), checked))
            self.kept.append((name, value))

    def _operand(self, member: str, operator: Operator, value: str) -> Any:
        kind = self.vocabulary.members[member]
        values = value.split(",") if operator is Operator.IN else [value]
        if operator in EXACT:
            self._require_choice(member, values)
        if operator is Operator.IN:
            return tuple(_operand(kind, each) for each in values)
        return _operand(kind, value)

    def _require_choice(self, member: str, values: list[str]) -> None:
        choices = self.vocabulary.choices.get(member)
        if choices and not set(values) <= set(choices):
            raise ValueError(f"One of {', '.join(choices)} is expected.")


def _operand(kind: Member, text: str) -> Any:
    """The text as a value that compares; a ValueError says what is expected."""
    if kind is Member.TIME:
        return _time(text)
    try:
        value = converted(text, kind)
    except MalformedBody as ex:
        raise ValueError(ex.detail) from ex
    if kind is Member.NUMBER and not _is_number(value):
        raise ValueError("A number is expected.")
    if kind is Member.MONEY and not Money.fits(text):
        raise ValueError("An amount such as 12.90 is expected.")
    if kind is Member.BOOLEAN and isinstance(value, str):
        raise ValueError("true or false is expected.")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= LARGEST_INTEGER


def _time(text: str) -> str:
    """A time as it is stored; a date alone stays one, and sorts before its moments.

    A time without an offset is taken as one in UTC.
    """
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
        return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ValueError("A time such as 2026-11-21T08:00:00Z is expected.") from None
