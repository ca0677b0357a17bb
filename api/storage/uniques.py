"""Values of which there may be one only: which of them are taken already."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from api.errors import AlreadyExists, DuplicateValue, Fault, Place
from api.models.base import Model, Values
from api.storage.prepared import Prepared

_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")


def taken(model: Model, error: BaseException | None, binds: Values) -> Exception:
    """What a refused row means."""
    names = [model.member_of(column) for column in _columns_taken(model, error)]
    if names == [model.key]:
        key = binds[model.key]
        return AlreadyExists(
            f"{key!r} exists in {model.name} already.",
            present=Place(model.noun, (key,)),
        )
    return _duplicate(model, names)


def _duplicate(model: Model, names: Sequence[str]) -> DuplicateValue:
    return DuplicateValue(
        f"Another of {model.name} has the same {' and '.join(names)}.",
        faults=[
            Fault(f"The {name} is taken.", "duplicate", pointer=f"/{name}")
            for name in names
        ],
    )


def require_free(
    connection: sa.Connection, model: Model, values: Values, serial: int | None = None
) -> None:
    """Name every unique value that is taken, where there are several.

    The database names one of them, and each engine another one.
    """
    names = _unique_names(model)
    if len(names) < 2:  # noqa: PLR2004 - several
        return
    wanted = {name: values[name] for name in names}
    others = [
        each
        for each in _rivals(model).all(connection, wanted)
        if getattr(each, model.serial.name) != serial
    ]
    found = [
        name
        for name in names
        if any(getattr(each, name) == wanted[name] is not None for each in others)
    ]
    if found:
        raise _duplicate(model, [*map(model.member_of, found)])


@lru_cache(maxsize=256)
def _unique_names(model: Model) -> tuple[str, ...]:
    """All but the key: who takes that is told where it stands."""
    columns = model.table.columns
    return tuple(
        each.name for each in columns if each.unique and each.name != model.key
    )


@lru_cache(maxsize=256)
def _rivals(model: Model) -> Prepared:
    unique = [model.column(name) for name in _unique_names(model)]
    equal = [column == sa.bindparam(column.name) for column in unique]
    return Prepared(sa.select(model.serial, *unique).where(sa.or_(*equal)))


def _columns_taken(model: Model, error: BaseException | None) -> Sequence[str]:
    """The columns whose values are there already.

    PostgreSQL tells the constraint, SQLite the columns, but only in its message.
    """
    told: Any = getattr(error, "diag", None)
    if told is not None:
        uniques: list[Any] = [*model.table.constraints, *model.table.indexes]
        for each in uniques:
            if each.name == told.constraint_name:
                return [column.name for column in each.columns]
        if told.constraint_name == f"{model.name}_pkey":
            return [model.serial.name]
    elif found := _UNIQUE.search(str(error)):
        return [each.rpartition(".")[2] for each in found[1].split(", ")]
    raise TypeError(f"not a unique constraint: {error}")
