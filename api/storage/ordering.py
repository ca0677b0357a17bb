"""Orders of rows on either engine, and what lies behind a place in them."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from api.storage.filters import Condition

Ordering = tuple[sa.ColumnElement[Any], bool]
"""An expression to sort by, and whether it descends."""


def order_by(
    orderings: Sequence[Ordering],
    named: Sequence[sa.ColumnElement[Any]] | None = None,
    *,
    is_owned: bool,
) -> list[sa.ColumnElement[Any]]:
    """What a statement orders by, maybe by other names; a null is less than all else.

    `is_owned` tells that all rows are of one owner. PostgreSQL would put nulls at the
    other end, and uses an index for what it says; its unique indexes don't hold the
    serial, which decides nothing there.
    """
    found: list[sa.ColumnElement[Any]] = []
    for place, (expression, down) in enumerate(orderings):
        each = named[place] if named else expression
        directed = each.desc() if down else each.asc()
        if _is_nullable(expression):
            directed = directed.nulls_last() if down else directed.nulls_first()
        found.append(directed)
        if _is_decisive(expression, is_owned=is_owned):
            break
    return found


def _is_decisive(expression: sa.ColumnElement[Any], *, is_owned: bool) -> bool:
    """Whether no two rows have the same value; all may be of one owner."""
    if not isinstance(expression, sa.Column) or expression.nullable:
        return False
    if expression.unique or expression.primary_key:
        return True
    # What counts inside of its owner comes last in an index with it.
    indexes = expression.table.indexes
    inner = [[*each.columns][-1] for each in indexes if each.unique]
    return is_owned and any(each is expression for each in inner)


def _is_nullable(expression: sa.ColumnElement[Any]) -> bool:
    return getattr(expression, "nullable", False)


def parts_behind(
    orderings: Sequence[Ordering], nulls: tuple[bool, ...]
) -> Iterator[list[Condition]]:
    """The conditions of each part, nearest to the position first."""
    if not nulls:
        yield []
        return
    for last in reversed(range(len(orderings))):
        equal = [
            _equals(expression, place, is_null=nulls[place])
            for place, (expression, _) in enumerate(orderings[:last])
        ]
        for beyond in _beyond(orderings[last], last, is_null=nulls[last]):
            yield [*equal, beyond]


def _equals(
    expression: sa.ColumnElement[Any], place: int, *, is_null: bool
) -> Condition:
    if is_null:
        return expression.is_(None)
    return expression == _value(expression, place)


def _beyond(ordering: Ordering, place: int, *, is_null: bool) -> Iterator[Condition]:
    """Conditions for what comes behind a value: nulls are first, or last descending."""
    expression, descending = ordering
    if is_null and not descending:
        yield expression.is_not(None)
    elif not is_null and not descending:
        yield expression > _value(expression, place)
    elif not is_null:
        yield expression < _value(expression, place)
        if _is_nullable(expression):
            yield expression.is_(None)


def _value(expression: sa.ColumnElement[Any], place: int) -> sa.BindParameter[Any]:
    return sa.bindparam(f"value{place}", type_=expression.type)
