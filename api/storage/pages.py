"""Pages by keyset: sorted by one member, they cost the same however deep they lie.

A page behind a row is the rows that equal it in all sort values but the serial, then
those that equal it in all but the last two, and so on. Each of these parts is a range
of one index, nulls included; a statement takes the first `limit` of each, in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from api.models.base import Model
from api.storage import filters
from api.storage.counters import NO_OWNER
from api.storage.ordering import Ordering, order_by, parts_behind
from api.storage.prepared import Prepared, Rows
from api.storage.query import (
    COUNTED_TO,
    Counting,
    Filter,
    Operator,
    Position,
    Selection,
    SortKey,
)

EMBEDDED_LIMIT = 20
"""How many members of a nested collection stand inside their parent."""
_WALKED_AT_ONCE = 32
"""So few that even the largest rows together take little memory."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows in their order, and where the pages beside them begin, if any do."""

    rows: Sequence[Any]
    before: Position | None
    behind: Position | None


@dataclass(frozen=True, slots=True)
class Total:
    """How many members were counted, and whether there may be more."""

    number: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class _Form:
    """All of a statement but its values; equal forms share one statement."""

    model: Model
    is_owned: bool
    filters: tuple[tuple[str, str], ...]
    has_words: bool
    sort: tuple[SortKey, ...]
    backward: bool
    nulls: tuple[bool, ...]


def read_page(
    connection: sa.Connection,
    model: Model,
    selection: Selection,
    position: Position,
    limit: int,
    owner: int = NO_OWNER,
) -> Page:
    """At most `limit` rows from the position on, always in the selection's order."""
    rows = _rows(connection, model, selection, position, limit + 1, owner)
    more = len(rows) > limit
    rows = rows[:limit]
    if position.backward:
        rows.reverse()
    ahead = (
        _beside(model, selection, rows, backward=position.backward) if more else None
    )
    back = _back(connection, model, selection, position, rows, owner)
    before, behind = (ahead, back) if position.backward else (back, ahead)
    return Page(rows, before, behind)


def _back(
    connection: sa.Connection,
    model: Model,
    selection: Selection,
    position: Position,
    rows: Sequence[Any],
    owner: int,
) -> Position | None:
    """Where the page begins that the walk came from, if there still is one."""
    if not position.values:
        return None
    if rows:
        back = _beside(model, selection, rows, backward=not position.backward)
    else:
        # All that stood here is gone, so the way back is all there is.
        back = Position(not position.backward)
    return back if _rows(connection, model, selection, back, 1, owner) else None


def walk(
    connection: sa.Connection,
    model: Model,
    selection: Selection,
    position: Position,
    owner: int = NO_OWNER,
) -> Rows:
    """All rows from the position on, some at a time, as the database comes to them.

    The position is one that leads forward. The parts behind it are read one after the
    other, each in the order of an index where there is one.
    """
    binds = _binds(model, selection, position, owner)
    for part in _walking(_form(model, owner, selection, position)):
        yield from part.some(connection, binds, _WALKED_AT_ONCE)


def behind(model: Model, selection: Selection, row: Any) -> Position:
    """Where the rows begin that come behind one of the selection's rows."""
    return _beside(model, selection, [row], backward=False)


def count(
    connection: sa.Connection,
    model: Model,
    selection: Selection,
    counting: Counting,
    owner: int = NO_OWNER,
) -> Total:
    """How many members the selection has, counted to the end or to 10,000."""
    is_bounded = counting is not Counting.EXACT
    statement = _counting(_form(model, owner, selection), is_bounded)
    binds = {**filters.binds(model, selection), "owner": owner}
    number: int = connection.execute(statement, binds).scalar_one()
    if is_bounded and number > COUNTED_TO:
        return Total(COUNTED_TO, is_exact=False)
    return Total(number, is_exact=True)


def first_of_each(
    connection: sa.Connection, model: Model, owners: Sequence[int], limit: int
) -> dict[int, list[Any]]:
    """The first members of each owner's collection, one more than `limit` at most."""
    found: dict[int, list[Any]] = {owner: [] for owner in owners}
    binds = {"owners": list(owners), "limit": limit + 1}
    for row in _firsts(model).all(connection, binds):
        found[getattr(row, str(model.owner))].append(row)
    return found


def position_behind(model: Model, row: Any) -> Position:
    """Where the page behind the row begins, in the collection's own order."""
    return Position(values=(getattr(row, model.serial.name),))


def _rows(
    connection: sa.Connection,
    model: Model,
    selection: Selection,
    position: Position,
    limit: int,
    owner: int,
) -> list[Any]:
    binds = {**_binds(model, selection, position, owner), "limit": limit}
    return _paging(_form(model, owner, selection, position)).all(connection, binds)


def _binds(
    model: Model, selection: Selection, position: Position, owner: int
) -> dict[str, Any]:
    found = {**filters.binds(model, selection), "owner": owner}
    found |= {f"value{place}": each for place, each in enumerate(position.values)}
    return found


def _beside(
    model: Model, selection: Selection, rows: Sequence[Any], *, backward: bool
) -> Position:
    row = rows[0] if backward else rows[-1]
    sorts = len(_orderings(model, selection.sort, selection.words is not None)) - 1
    values = [getattr(row, f"sort{place}") for place in range(sorts)]
    return Position(backward, (*values, getattr(row, model.serial.name)))


def _form(
    model: Model,
    owner: int,
    selection: Selection,
    position: Position | None = None,
) -> _Form:
    return _Form(
        model,
        owner != NO_OWNER,
        tuple((each.member, each.operator) for each in selection.filters),
        selection.words is not None,
        selection.sort,
        position.backward if position else False,
        tuple(value is None for value in position.values) if position else (),
    )


def _where(form: _Form) -> list[filters.Condition]:
    unfilled = Selection(
        tuple(
            Filter(member, Operator(operator), None)
            for member, operator in form.filters
        ),
        words=() if form.has_words else None,
    )
    found = filters.conditions(form.model, unfilled)
    if form.is_owned:
        found.append(form.model.column(str(form.model.owner)) == sa.bindparam("owner"))
    return found


@lru_cache(maxsize=1024)
def _orderings(
    model: Model,
    sort: tuple[SortKey, ...],
    has_words: bool,
) -> list[Ordering]:
    """What the rows are ordered by; the serial comes last and makes the order total."""
    found: list[Ordering] = [
        (model.sorted_by(key.member), key.descending) for key in sort
    ]
    if not found and has_words:
        found = [(rank, False) for rank in filters.ranking(model)]
    descending = found[-1][1] if found else False
    return [*found, (model.serial, descending)]


@lru_cache(maxsize=1024)
def _paging(form: _Form) -> Prepared:
    return Prepared(_page_statement(form))


@lru_cache(maxsize=256)
def _walking(form: _Form) -> list[Prepared]:
    """A statement for each part that lies behind a position, nearest first."""
    orderings = _directed(form)
    parts = parts_behind(orderings, form.nulls)
    return [Prepared(_ordered(form, orderings, part)) for part in parts]


def _directed(form: _Form) -> list[Ordering]:
    """What the rows are ordered by, in the direction in which they are read."""
    return [
        (expression, descending is not form.backward)
        for expression, descending in _orderings(form.model, form.sort, form.has_words)
    ]


def _sorts(orderings: Sequence[Ordering]) -> list[sa.Label[Any]]:
    """The sort values of a row but its serial, by names that tell their places."""
    return [
        each.label(f"sort{place}") for place, (each, _) in enumerate(orderings[:-1])
    ]


def _ordered(
    form: _Form,
    orderings: Sequence[Ordering],
    conditions: Sequence[filters.Condition],
) -> sa.Select[Any]:
    whole = sa.select(*form.model.shown, *_sorts(orderings))
    order = order_by(orderings, is_owned=form.is_owned)
    return whole.where(*_where(form), *conditions).order_by(*order)


def _page_statement(form: _Form) -> sa.Select[Any]:
    orderings = _directed(form)
    sorts = _sorts(orderings)
    parts = list(parts_behind(orderings, form.nulls))
    limit = sa.bindparam("limit", type_=sa.Integer)
    if len(parts) == 1:
        return _ordered(form, orderings, parts[0]).limit(limit)
    # The parts give serials alone, for which the indexes are enough.
    serial = form.model.serial
    ranges = [
        sa.select(serial.label("serial"), *sorts, sa.literal(place).label("part"))
        .where(*_where(form), *conditions)
        .order_by(*order_by(orderings, is_owned=form.is_owned))
        .limit(limit)
        .subquery()
        for place, conditions in enumerate(parts)
    ]
    union = sa.union_all(*[sa.select(each) for each in ranges]).subquery()
    names = [*(f"sort{place}" for place in range(len(sorts))), "serial"]
    outer = order_by(
        orderings, [union.c[name] for name in names], is_owned=form.is_owned
    )
    return (
        sa.select(*form.model.shown, *[union.c[name] for name in names[:-1]])
        .join(union, union.c.serial == serial)
        .order_by(union.c.part, *outer)
        .limit(limit)
    )


@lru_cache(maxsize=256)
def _counting(form: _Form, is_bounded: bool) -> sa.Select[Any]:
    members = (
        sa.select(sa.literal(1)).select_from(form.model.table).where(*_where(form))
    )
    if is_bounded:
        members = members.limit(COUNTED_TO + 1)
    return sa.select(sa.func.count()).select_from(members.subquery())


@lru_cache(maxsize=256)
def _firsts(model: Model) -> Prepared:
    owner = model.column(str(model.owner))
    place = sa.func.row_number().over(partition_by=owner, order_by=model.serial)
    numbered = (
        sa.select(*model.shown, place.label("place"))
        .where(owner.in_(sa.bindparam("owners", expanding=True)))
        .subquery()
    )
    columns = [numbered.c[column.name] for column in model.shown]
    return Prepared(
        sa.select(*columns)
        .where(numbered.c.place <= sa.bindparam("limit"))
        .order_by(numbered.c[owner.name], numbered.c[model.serial.name])
    )
