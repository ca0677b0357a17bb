"""What all tables share: column types that lose nothing, and what a model declares."""

import unicodedata
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from api.errors import Conflict

Values: TypeAlias = dict[str, Any]
Row: TypeAlias = Any
"""A named tuple of a row's columns, or None."""

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


@compiles(sa.Integer, "postgresql")
def _whole_number(_type: Any, _compiler: Any, **_options: Any) -> str:
    """What holds 64 bits, as SQLite's INTEGER does."""
    return "BIGINT"


@compiles(sa.Text, "postgresql")
def _text_by_code_points(_type: Any, _compiler: Any, **_options: Any) -> str:
    """What sorts and compares by code points, as SQLite's TEXT does."""
    return 'TEXT COLLATE "C"'


class Json(sa.types.TypeDecorator[Any]):
    """Any JSON value, kept as compact text in which numbers stay exact."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str:
        """The compact JSON text; None is JSON's null."""
        return msgspec.json.encode(value).decode()

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        """What gives the value that was kept."""
        return msgspec.json.Decoder().decode


class Truth(sa.types.TypeDecorator[bool]):
    """True or false as 1 or 0, which SQLite's STRICT tables can check."""

    impl = sa.Integer
    cache_ok = True
    python_type = bool

    def process_bind_param(self, value: bool | None, dialect: sa.Dialect) -> int | None:
        """1 or 0."""
        return None if value is None else int(value)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        """What gives true or false."""
        return lambda value: None if value is None else bool(value)


class Tenths(sa.types.TypeDecorator[float]):
    """A number with one decimal, kept exactly as whole tenths."""

    impl = sa.Integer
    cache_ok = True
    python_type = float

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """The number of tenths; a number between two tenths stays between them."""
        tenths = round(value * 10, 6)
        return int(tenths) if tenths == int(tenths) else tenths

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        """What gives the number; a tenth of a whole number prints with one decimal."""
        return lambda value: None if value is None else value / 10


class Money(sa.types.TypeDecorator[str]):
    """An amount as whole hundredths; SQLite would keep a decimal as a float.

    Outside of the database it is a decimal text with two places, as clients see it.
    """

    impl = sa.Integer
    cache_ok = True
    python_type = str

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> int:
        """The number of hundredths."""
        return cents_of(value)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        """What gives the text."""
        return amount_of


class Timestamp(sa.types.TypeDecorator[str]):
    """A time as RFC 3339 text in UTC with microseconds, ending in `Z`.

    SQLite drops the offset of a DateTime without converting. As text of one width a
    time sorts, compares and is answered as it stands.
    """

    impl = sa.Text
    cache_ok = True
    python_type = str


def timestamp(moment: datetime) -> str:
    """The moment as a `Timestamp` keeps it."""
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds") + "Z"


def now() -> str:
    """The present moment as a `Timestamp` keeps it."""
    return timestamp(datetime.now(UTC))


_ORDER_CHARACTERS = 600
"""Of four octets each they fit into an index of PostgreSQL, which takes 2,704."""
LARGEST_AMOUNT = "9999999999.99"
"""The largest amount of money that is kept."""


def cents_of(amount: str) -> int:
    """The hundredths in an amount that is written as a decimal."""
    return int(Decimal(amount).scaleb(2))


def amount_of(cents: int) -> str:
    """The decimal text of hundredths that are not negative."""
    return f"{cents // 100}.{cents % 100:02}"


@lru_cache(maxsize=65_536)
def sort_key(text: str) -> str:
    """What a text is sorted by on any database: the text without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def order_key(text: str) -> str:
    """As much of a text's sort key as orders rows: an index holds no long values."""
    return sort_key(text)[:_ORDER_CHARACTERS]


def numbered_table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    """The table of a noun whose ids the database gives, never one of them twice."""
    key = sa.Column("id", sa.Integer, primary_key=True)
    return _noun_table(name, key, *columns)


def keyed_table(name: str, key: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    """The table of a noun whose keys are chosen by clients."""
    # A serial of its own orders the rows as they came and numbers them for full text.
    serial = sa.Column("serial", sa.Integer, primary_key=True)
    chosen = sa.Column(key, sa.Text, unique=True, nullable=False)
    return _noun_table(name, serial, chosen, *columns)


def inner_table(
    name: str, owner: sa.Column[Any], *columns: sa.schema.SchemaItem
) -> sa.Table:
    """The table of a noun whose ids count 1, 2, 3 … inside of each owner."""
    serial = sa.Column("serial", sa.Integer, primary_key=True)
    number = sa.Column("id", sa.Integer, nullable=False)
    return _noun_table(
        name,
        serial,
        owner,
        number,
        *columns,
        sa.Index(None, owner, number, unique=True),
    )


def single_table(
    name: str, owner: sa.Column[Any], *columns: sa.schema.SchemaItem
) -> sa.Table:
    """The table of a noun of which each owner has at most one."""
    return _noun_table(name, owner, *columns, sqlite_autoincrement=False)


def _noun_table(
    name: str, *columns: sa.schema.SchemaItem, sqlite_autoincrement: bool = True
) -> sa.Table:
    return sa.Table(
        name,
        METADATA,
        *columns,
        # The number of the change that wrote the row, and when it was made and written.
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created", Timestamp, nullable=False),
        sa.Column("updated", Timestamp, nullable=False),
        sqlite_strict=True,
        sqlite_autoincrement=sqlite_autoincrement,
    )


class Known(NamedTuple):
    """The rows around values that are written, as far as a model's rules need them.

    `present` is what they replace, `parent` whose they are, `named` what they refer to
    and what the model consults, by name.
    """

    present: Row = None
    parent: Row = None
    named: Mapping[str, Row] = {}


NOTHING_KNOWN = Known()


def as_given(values: Values, _known: Known) -> Values:
    """The values alone: nothing is derived from them."""
    return values


def allow_values(_values: Values, _known: Known) -> None:
    """Everything: no rule forbids it."""


def allow_method(_method: str, _known: Known) -> None:
    """Every method, whatever the state."""


@dataclass(frozen=True, slots=True)
class FullText:
    """A full text index: its name, and its columns, the heading first."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Model:
    """How a noun is kept; `noun` is its name in the singular, the table's the plural.

    `key` is the column by which it is found. `owner` is the column that names the
    parent's id. One that `stands_alone` is found without its parent; of one that
    `is_single` each owner has one at most. `defaults` are the values of a single one
    that is always there. `references` are the models whose rows other columns name,
    `consults` the single ones that its rules ask. `fulltext` is its index for
    searching. `sort_columns` holds the columns that order in place of the member of
    that name.

    `gate` raises a Conflict for a method (POST, PUT, DELETE) that the state of the row
    or of its parent forbids, whatever the values. `derive` completes values before they
    are stored. `rule` raises a Conflict or an InvalidBody for values that may not be.
    `ripple` is run after each write of a child, with the binds `owner`, `version` and
    `now`, to keep what its parent says of it right.
    """

    noun: str
    table: sa.Table
    key: str = "id"
    parent: "Model | None" = None
    owner: str | None = None
    stands_alone: bool = False
    is_single: bool = False
    defaults: Mapping[str, Any] | None = None
    references: Mapping[str, "Model"] = field(default_factory=dict)
    consults: Mapping[str, "Model"] = field(default_factory=dict)
    fulltext: FullText | None = None
    sort_columns: Mapping[str, str] | None = None
    gate: Callable[[str, Known], None] = allow_method
    derive: Callable[[Values, Known], Values] = as_given
    rule: Callable[[Values, Known], None] = allow_values
    ripple: sa.Update | None = None

    @cached_property
    def name(self) -> str:
        """The table's name, which is the noun's plural."""
        return str(self.table.name)

    def is_open(self, method: str, known: Known) -> bool:
        """Whether the state of the row and of its parent allow the method."""
        try:
            self.gate(method, known)
        except Conflict:
            return False
        return True

    @cached_property
    def knows_parent(self) -> bool:
        """Whether its rules ask for the row of the parent."""
        is_ruled = self.rule is not allow_values or self.gate is not allow_method
        return self.parent is not None and is_ruled

    @property
    def opened_at(self) -> str:
        """What the collection that belongs to one owner is called among the paths."""
        if self.stands_alone and self.parent is not None:
            return f"{self.parent.noun}_{self.name}"
        return self.name

    def column(self, name: str) -> sa.Column[Any]:
        """The column of a name; it must exist."""
        return self.table.c[name]

    @cached_property
    def shown(self) -> list[sa.Column[Any]]:
        """The columns that documents are made from: all but those that only order."""
        only_ordering = set((self.sort_columns or {}).values())
        return [each for each in self.table.c if each.name not in only_ordering]

    @cached_property
    def columns(self) -> list[sa.Column[Any]]:
        """All columns, the shown ones first, so that places in a row mean the same."""
        names = {each.name for each in self.shown}
        return [*self.shown, *(each for each in self.table.c if each.name not in names)]

    @cached_property
    def record(self) -> Callable[[Iterable[Any]], Any]:
        """Makes a named tuple of a row's columns, which is read ten times as fast."""
        names = [column.name for column in self.columns]
        # mypy wants to know the names; only the table does.
        record: Any = namedtuple(self.noun, names)  # type: ignore[misc]
        make: Callable[[Iterable[Any]], Any] = record._make
        return make

    @cached_property
    def heading(self) -> str:
        """The column by which people tell the rows apart: the first with a text."""
        if self.fulltext:
            return self.fulltext.columns[0]
        texts = (
            str(each.name) for each in self.shown if isinstance(each.type, sa.Text)
        )
        return next(texts, self.key)

    @cached_property
    def serial(self) -> sa.Column[Any]:
        """The whole number that orders the rows as they came."""
        return next(iter(self.table.primary_key.columns))

    @cached_property
    def numbered(self) -> bool:
        """Whether the server gives the key, rather than a client."""
        return isinstance(self.column(self.key).type, sa.Integer)

    @cached_property
    def is_inner(self) -> bool:
        """Whether its numbers count inside of each owner."""
        return self.numbered and self.serial.name != self.key

    def sorted_by(self, member: str) -> sa.Column[Any]:
        """The column that orders when a client sorts by the member."""
        return self.column((self.sort_columns or {}).get(member, member))

    def member_of(self, column: str) -> str:
        """The member that a column orders, or else the member of the same name."""
        ordered = {name: member for member, name in (self.sort_columns or {}).items()}
        return ordered.get(column, column)

    def is_sortable(self, member: str) -> bool:
        """Whether an index gives the order, so that a page costs the same anywhere."""
        column = self.sorted_by(member)
        if column.unique or column.primary_key:
            return True
        indexes = [index.columns.keys() for index in self.table.indexes]
        beginnings = [[] if self.owner is None else [self.owner]]
        if self.stands_alone:
            beginnings.append([])
        return all(
            any(
                each[: len(beginning) + 1] == [*beginning, column.name]
                for each in indexes
            )
            for beginning in beginnings
        )
