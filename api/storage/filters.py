"""Filters and full text as conditions of SQL, built without their values."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from api.models.base import Json, Model, sort_key
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
        f"filter{place}": _value(each) for place, each in enumerate(selection.filters)
    }
    if selection.words is not None:
        phrase = _phrase(selection.words)
        found["words"] = phrase
        if model.fulltext is not None:
            found["heading"] = f"{{{model.fulltext.columns[0]}}} : ({phrase})"
    return found


def ranking(model: Model) -> list[sa.ColumnElement[Any]]:
    """What orders the finds of a search: words in the heading first, short ones first.

    It depends on the row alone, so that pages stay stable while others write, which
    FTS5's own rank, made from all rows, would not.
    """
    if model.fulltext is None:
        return []
    elsewhere = sa.case((_matching(model, "heading"), 0), else_=1)
    return [elsewhere, sa.func.length(model.column(model.fulltext.columns[0]))]


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


def _value(each: Filter) -> Any:
    if each.operator is Operator.CONTAINS:
        return sort_key(each.value)
    return list(each.value) if each.operator is Operator.IN else each.value


def _matching(model: Model, name: str) -> Condition:
    if model.fulltext is None:
        raise LookupError(f"{model.name} has no full text")
    index = sa.table(model.fulltext.name, sa.column("rowid"))
    match = sa.literal_column(model.fulltext.name).op("MATCH")(sa.bindparam(name))
    return model.serial.in_(sa.select(index.c.rowid).where(match))


def _phrase(words: tuple[str, ...]) -> str:
    """All words, each in quotes, so that nothing in them is an operator of FTS5."""
    if not words:
        # Nothing searchable was asked for, so nothing is found.
        return '"" NOT ""'
    return " ".join('"' + word.replace('"', '""') + '"' for word in words)
