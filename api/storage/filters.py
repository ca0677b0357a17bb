"""Filters and full text as conditions of SQL, built without their values."""

from collections.abc import Callable, Mapping
from math import ceil, floor
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from api.models.base import FullText, Json, Model, Tenths, sort_key
from api.storage.query import Filter, Operator, Selection

Condition = sa.ColumnElement[bool]
Comparison = Callable[[Any, Any], Condition]

_COMPARISONS: Mapping[Operator, Comparison] = {
    Operator.EQ: lambda column, bind: column == bind,
    # A null differs from every value: what a reader of `ne` expects.
    Operator.NE: lambda column, bind: column.is_distinct_from(bind),
    Operator.GT: lambda column, bind: column > bind,
    Operator.GTE: lambda column, bind: column >= bind,
    Operator.LT: lambda column, bind: column < bind,
    Operator.LTE: lambda column, bind: column <= bind,
    Operator.IN: lambda column, bind: column.in_(bind),
}

_ROUNDED: Mapping[Operator, Callable[[float], int]] = {
    Operator.GT: floor,
    Operator.LTE: floor,
    Operator.GTE: ceil,
    Operator.LT: ceil,
}
_NOWHERE = -(2**53)


def conditions(model: Model, selection: Selection) -> list[Condition]:
    """What a row must fulfil; the values are the binds of `binds`."""
    found = [
        _condition(model.column(each.member), each.operator, f"filter{place}")
        for place, each in enumerate(selection.filters)
    ]
    if selection.words is not None:
        found.append(_matching(model, "words"))
    return found


def binds(model: Model, selection: Selection) -> dict[str, Any]:
    """The values of the conditions of `conditions`."""
    found = {
        f"filter{place}": _value(model, each)
        for place, each in enumerate(selection.filters)
    }
    if selection.words is not None:
        found["words"] = found["heading"] = selection.words
    return found


def ranking(model: Model) -> list[sa.ColumnElement[Any]]:
    """What orders the finds of a search: words in the heading first, short ones first.

    It depends on the row alone, so that pages stay stable while others write, which
    FTS5's own rank, made from all rows, would not.
    """
    if model.fulltext is None:
        return []
    heading = model.fulltext.columns[0]
    elsewhere = sa.case((_matching(model, "heading", heading), 0), else_=1)
    return [elsewhere, sa.func.length(model.column(heading))]


def _condition(column: sa.Column[Any], operator: Operator, name: str) -> Condition:
    bind: sa.BindParameter[Any] = sa.bindparam(name)
    if isinstance(column.type, Json):
        return _in_list(column, operator, bind)
    if operator is Operator.CONTAINS:
        return sa.func.instr(sa.func.sort_key(column), bind) > 0
    typed = sa.bindparam(name, type_=column.type, expanding=operator is Operator.IN)
    return _COMPARISONS[operator](column, typed)


def _in_list(
    column: sa.Column[Any], operator: Operator, bind: sa.BindParameter[Any]
) -> Condition:
    """Whether one of the texts of a list equals or contains the value."""
    text = sa.func.json_each(_text(column)).table_valued("value").c.value
    if operator is Operator.CONTAINS:
        is_found = sa.func.instr(sa.func.sort_key(text), bind) > 0
    else:
        is_found = text == bind
    return sa.exists(sa.literal(1)).where(is_found)


def _text(column: sa.Column[Any]) -> sa.ColumnElement[str]:
    return sa.type_coerce(column, sa.Text)


def _value(model: Model, each: Filter) -> Any:
    if each.operator is Operator.CONTAINS:
        return sort_key(each.value)
    column_type = model.column(each.member).type
    if isinstance(column_type, sa.Integer | Tenths):
        unit = 10 if isinstance(column_type, Tenths) else 1
        if each.operator is Operator.IN:
            return [_whole(Operator.EQ, value, unit) for value in each.value]
        return _whole(each.operator, each.value, unit)
    return list(each.value) if each.operator is Operator.IN else each.value


def _whole(operator: Operator, value: float, unit: int) -> float:
    """The number of whole units that compares with those as the value does."""
    units = round(value * unit, 6)
    if units == int(units):
        return value
    if operator in _ROUNDED:
        return _ROUNDED[operator](units) / unit
    # No column holds it, so it equals nothing and differs from all.
    return _NOWHERE


def _matching(model: Model, name: str, column: str = "") -> Condition:
    if model.fulltext is None:
        raise LookupError(f"{model.name} has no full text")
    words = sa.bindparam(name, type_=_Words(column))
    return _Matching(model.fulltext, model.serial, words)


class _Words(sa.types.TypeDecorator[Any]):
    """Words that must all be found, each as it is, in one of the columns or in any."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, column: str = "") -> None:
        super().__init__()
        self.column = column

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str:
        """What the engine searches for; no word holds a blank."""
        if dialect.name == "postgresql":
            return " ".join(value)
        if not value:
            # Nothing searchable was asked for, so nothing is found.
            return '"" NOT ""'
        # In quotes nothing is an operator of FTS5.
        phrase = " ".join('"' + word.replace('"', '""') + '"' for word in value)
        return f"{{{self.column}}} : ({phrase})" if self.column else phrase


class _Matching(sa.sql.functions.FunctionElement[bool]):
    """Whether a row holds all the words."""

    inherit_cache = True
    type = sa.Boolean()

    def __init__(
        self,
        index: FullText,
        serial: sa.Column[Any],
        words: sa.BindParameter[Any],
    ) -> None:
        super().__init__(sa.literal_column(index.name), serial, words)


@compiles(_Matching, "sqlite")
def _in_fts5(element: Any, compiler: Any, **options: Any) -> str:
    name, serial, words = (compiler.process(e, **options) for e in element.clauses)
    # The name is the model's own, the words are a bind.
    return f"{serial} IN (SELECT rowid FROM {name} WHERE {name} MATCH {words})"  # noqa: S608


@compiles(_Matching, "postgresql")
def _in_tsvector(element: Any, compiler: Any, **options: Any) -> str:
    _, serial, bind = element.clauses
    column = compiler.process(serial.table.c[serial.name], **options)
    vector = f"{column.rpartition('.')[0]}.fulltext"
    weight = "A" if bind.type.column else ""
    words = compiler.process(bind, **options)
    return f"{vector} @@ search_query({words}, '{weight}')"
