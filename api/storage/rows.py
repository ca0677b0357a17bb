"""One row: found, inserted, changed, removed, each with its counters and versions."""

import re
import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from api.errors import (
    AlreadyExists,
    DuplicateValue,
    Fault,
    InUse,
    InvalidBody,
    NotFound,
    VersionMismatch,
)
from api.hypermedia.document import is_same
from api.models.base import Model, Values, now
from api.storage import counters
from api.storage.prepared import Prepared

Keys = tuple[Any, ...]
"""The keys of a path in their order: those of the parents, then the noun's own."""

_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")


def find(connection: sa.Connection, model: Model, keys: Keys) -> Any:
    """The row at the keys, with all its columns.

    Raises:
        NotFound: there is none, or it belongs to another parent.
    """
    row = seek(connection, model, keys)
    if row is None:
        raise _missing(connection, model, keys)
    return row


def seek(connection: sa.Connection, model: Model, keys: Keys) -> Any:
    """The row at the keys, or None."""
    return _selection(model).first(connection, _binds(model, keys))


def find_stamp(connection: sa.Connection, model: Model, keys: Keys) -> Any:
    """The version of the row at the keys and when it was written, and no more.

    Raises:
        NotFound: there is no such row.
    """
    stamp = _stamping(model).first(connection, _binds(model, keys))
    if stamp is None:
        raise _missing(connection, model, keys)
    return stamp


def require_parent(connection: sa.Connection, model: Model, parents: Keys) -> None:
    """Make sure that the owner of a nested collection exists, given the parents' keys.

    Raises:
        NotFound: it does not.
    """
    if model.parent is not None:
        find(connection, model.parent, parents)


def insert(
    connection: sa.Connection,
    model: Model,
    values: Values,
    owner: int = counters.NO_OWNER,
) -> Any:
    """The row that now holds the values.

    Raises:
        AlreadyExists: something stands at the key.
        DuplicateValue: a unique value is taken; names the members.
        InvalidBody: a value names a row that does not exist.
    """
    _require_references(connection, model, values)
    moment = now()
    version = counters.bump(connection, model, owner, moment, added=1)
    kept = model.derive(values, None)
    if model.owner is not None:
        kept = {**kept, model.owner: owner}
    stamps = {"version": version, "created": moment, "updated": moment}
    row = _run(connection, model, _insertion(model), {**kept, **stamps})
    _ripple(connection, model, owner, moment)
    return row


def replace(
    connection: sa.Connection, model: Model, present: Any, values: Values
) -> Any:
    """The row after it took the values; the present one where they change nothing.

    Raises:
        VersionMismatch: the row changed since it was read.
        DuplicateValue: a unique value is taken; names the members.
        InvalidBody: a value names a row that does not exist.
    """
    kept = model.derive(values, present)
    if is_same(kept, {name: getattr(present, name) for name in kept}):
        return present
    _require_references(connection, model, values)
    moment = now()
    owner = owner_of(model, present)
    version = counters.bump(connection, model, owner, moment)
    binds = {f"new_{name}": value for name, value in kept.items()}
    binds |= {"new_version": version, "new_updated": moment}
    binds |= {"key": getattr(present, model.key), "read": present.version}
    row = _run(connection, model, _replacement(model, tuple(kept)), binds)
    if row is None:
        raise VersionMismatch("The resource was changed while this request ran.")
    _ripple(connection, model, owner, moment)
    return row


def remove(
    connection: sa.Connection, model: Model, present: Any, models: Sequence[Model]
) -> None:
    """Take the row away, and with it those of the models that belong to it.

    Raises:
        InUse: a row of another of the models refers to it.
        VersionMismatch: the row changed since it was read.
    """
    moment = now()
    owner = owner_of(model, present)
    key = getattr(present, model.key)
    for each in models:
        _require_unused(connection, model, key, each)
    removed = connection.execute(_removal(model), {"key": key, "read": present.version})
    if removed.rowcount == 0:
        raise VersionMismatch("The resource was changed while this request ran.")
    counters.bump(connection, model, owner, moment, added=-1)
    for each in models:
        if each.parent is model:
            counters.forget(connection, each, key)
    _ripple(connection, model, owner, moment)


def owner_of(model: Model, row: Any) -> int:
    """The id of the parent that the row belongs to, or `NO_OWNER`."""
    owner: int = getattr(row, model.owner) if model.owner else counters.NO_OWNER
    return owner


def _require_references(
    connection: sa.Connection, model: Model, values: Values
) -> None:
    """Make sure that what the values name exists."""
    faults = [
        Fault(f"There is no {target.noun} {values[name]!r}.", "missing", f"/{name}")
        for name, target in model.references.items()
        if values[name] is not None
        and seek(connection, target, (values[name],)) is None
    ]
    if faults:
        raise InvalidBody("The body names what does not exist.", faults=faults)


def _require_unused(
    connection: sa.Connection, model: Model, key: object, user: Model
) -> None:
    """Make sure that no row of the other model refers to the key."""
    for name, target in user.references.items():
        if target is model and _use(user, name).first(connection, {"key": key}):
            raise InUse(
                f"There are {user.name} whose {name} is {key!r}.",
                users=user.name,
                member=name,
                key=key,
            )


def _missing(connection: sa.Connection, model: Model, keys: Keys) -> NotFound:
    if model.parent is not None and seek(connection, model.parent, keys[:-1]) is None:
        return _missing(connection, model.parent, keys[:-1])
    return NotFound(
        f"There is nothing with the {model.key} {keys[-1]!r} in {model.name}.",
        within=(model.name, keys[:-1]),
    )


def _run(
    connection: sa.Connection, model: Model, statement: sa.Executable, binds: Values
) -> Any:
    try:
        row = connection.execute(statement, binds).first()
    except sa.exc.IntegrityError as ex:
        raise _taken(model, ex.orig, binds) from ex
    return None if row is None else model.record(row)


def _taken(model: Model, error: BaseException | None, binds: Values) -> Exception:
    """What a refused row means; SQLite tells the columns only in its message."""
    found = _UNIQUE.search(str(error)) if isinstance(error, sqlite3.Error) else None
    if found is None:
        raise TypeError(f"not a unique constraint: {error}")
    columns = [each.rpartition(".")[2] for each in found[1].split(", ")]
    names = [model.member_of(column) for column in columns]
    if names == [model.key]:
        key = binds[model.key]
        return AlreadyExists(
            f"{key!r} exists in {model.name} already.", present=(model.noun, key)
        )
    return DuplicateValue(
        f"Another of {model.name} has the same {' and '.join(names)}.",
        faults=[
            Fault(f"The {name} is taken.", "duplicate", pointer=f"/{name}")
            for name in names
        ],
    )


def _ripple(connection: sa.Connection, model: Model, owner: int, moment: str) -> None:
    if model.ripple is None or model.parent is None:
        return
    version = counters.bump(connection, model.parent, counters.NO_OWNER, moment)
    connection.execute(
        model.ripple, {"owner": owner, "version": version, "now": moment}
    )


def _binds(model: Model, keys: Keys) -> Values:
    if model.owner is None:
        return {"key": keys[-1]}
    return {"key": keys[-1], "owner": keys[-2]}


def _at_keys(model: Model) -> list[sa.ColumnElement[bool]]:
    conditions = [model.column(model.key) == sa.bindparam("key")]
    if model.owner is not None:
        conditions.append(model.column(model.owner) == sa.bindparam("owner"))
    return conditions


@lru_cache(maxsize=256)
def _selection(model: Model) -> Prepared:
    return Prepared(sa.select(*model.columns).where(*_at_keys(model)))


@lru_cache(maxsize=256)
def _use(user: Model, name: str) -> Prepared:
    refers = user.column(name) == sa.bindparam("key")
    return Prepared(sa.select(user.serial).where(refers).limit(1))


@lru_cache(maxsize=256)
def _stamping(model: Model) -> Prepared:
    stamp = sa.select(model.table.c.version, model.table.c.updated)
    return Prepared(stamp.where(*_at_keys(model)))


@lru_cache(maxsize=256)
def _insertion(model: Model) -> sa.Executable:
    return sa.insert(model.table).returning(*model.columns)


@lru_cache(maxsize=256)
def _replacement(model: Model, names: tuple[str, ...]) -> sa.Executable:
    changed: dict[str, Any] = {
        name: sa.bindparam(f"new_{name}") for name in (*names, "version", "updated")
    }
    return (
        sa.update(model.table)
        .where(
            model.column(model.key) == sa.bindparam("key"),
            model.table.c.version == sa.bindparam("read"),
        )
        .values(changed)
        .returning(*model.columns)
    )


@lru_cache(maxsize=256)
def _removal(model: Model) -> sa.Delete:
    return sa.delete(model.table).where(
        model.column(model.key) == sa.bindparam("key"),
        model.table.c.version == sa.bindparam("read"),
    )
