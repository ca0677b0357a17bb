"""One row: found, inserted, changed, removed, each with its counters and versions."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from api.errors import (
    Fault,
    InUse,
    InvalidBody,
    NotFound,
    Place,
    VersionMismatch,
)
from api.hypermedia.document import is_same
from api.models.base import Known, Model, Values, now
from api.storage import counters
from api.storage.prepared import Prepared
from api.storage.uniques import require_free, taken
from api.storage.uses import require_unused

Keys = tuple[Any, ...]
"""The keys of a path in their order: those of the parents, then the noun's own."""


def find(connection: sa.Connection, model: Model, keys: Keys) -> Any:
    """The row at the keys, with all its columns; its defaults where it has some.

    Raises:
        NotFound: there is none, or it belongs to another parent.
    """
    row = seek(connection, model, keys)
    return row or _default(connection, model, keys)


def seek(connection: sa.Connection, model: Model, keys: Keys) -> Any:
    """The row at the keys, or None."""
    return _selection(model, _is_owned(model, keys)).first(
        connection, _binds(model, keys)
    )


def find_stamp(connection: sa.Connection, model: Model, keys: Keys) -> Any:
    """The version of the row at the keys and when it was written, and no more.

    Raises:
        NotFound: there is no such row.
    """
    statement = _stamping(model, _is_owned(model, keys))
    stamp = statement.first(connection, _binds(model, keys))
    if stamp is None:
        row = _default(connection, model, keys)
        return row.version, row.updated
    return stamp


def require_parent(connection: sa.Connection, model: Model, parents: Keys) -> Any:
    """The owner of a nested collection, by the parents' keys; None where it has none.

    Raises:
        NotFound: it does not exist.
    """
    if model.parent is not None and parents:
        return find(connection, model.parent, parents)
    return None


def open_methods(
    connection: sa.Connection,
    model: Model,
    row: Any,
    methods: Sequence[str],
    models: Sequence[Model],
) -> tuple[str, ...]:
    """Those of the methods that the row's state, and what uses it, allow now."""
    known = _known(connection, model, {}, row, owner_of(model, row))
    found = [each for each in methods if model.is_open(each, known)]
    if "DELETE" in found:
        try:
            require_unused(connection, model, row, models)
        except InUse:
            found.remove("DELETE")
    return tuple(found)


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
        ApiError: the model's rule forbids it.
    """
    known = _known(connection, model, values, None, owner)
    model.gate("POST", known)
    kept = model.derive(values, known)
    model.rule(kept, known)
    moment = now()
    require_free(connection, model, kept)
    change = _note(connection, model, owner, moment, added=1)
    if model.is_inner:
        kept = {**kept, model.key: change.added}
    if model.owner is not None or model.is_single:
        kept = {**kept, model.owner or model.key: owner}
    stamps = {"version": change.version, "created": moment, "updated": moment}
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
        ApiError: the model's rule forbids it.
    """
    owner = owner_of(model, present)
    if not is_stored(present):
        return insert(connection, model, values, owner)
    known = _known(connection, model, values, present, owner)
    model.gate("PUT", known)
    kept = model.derive(values, known)
    model.rule(kept, known)
    if is_same(kept, {name: getattr(present, name) for name in kept}):
        return present
    require_free(connection, model, kept, getattr(present, model.serial.name))
    moment = now()
    change = _note(connection, model, owner, moment)
    binds = {f"new_{name}": value for name, value in kept.items()}
    binds |= {"new_version": change.version, "new_updated": moment}
    binds |= {"key": getattr(present, model.serial.name), "read": present.version}
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
        ApiError: the model's rule forbids it.
    """
    if not is_stored(present):
        return
    moment = now()
    owner = owner_of(model, present)
    model.gate("DELETE", _known(connection, model, {}, present, owner))
    require_unused(connection, model, present, models)
    key = getattr(present, model.serial.name)
    removed = connection.execute(_removal(model), {"key": key, "read": present.version})
    if removed.rowcount == 0:
        raise VersionMismatch("The resource was changed while this request ran.")
    _note(connection, model, owner, moment, added=-1)
    for each in models:
        if each.parent is model:
            counters.forget(connection, each, key)
    _ripple(connection, model, owner, moment)


def owner_of(model: Model, row: Any) -> int:
    """The id of the parent that the row belongs to, or `NO_OWNER`."""
    owner: int = getattr(row, model.owner) if model.owner else counters.NO_OWNER
    return owner


def is_stored(row: Any) -> bool:
    """Whether the row was written, rather than made of defaults."""
    return row.created is not None


def _known(
    connection: sa.Connection, model: Model, values: Values, present: Any, owner: int
) -> Known:
    """The rows that the model's rules need; what the values name must exist."""
    named = {
        name: seek(connection, target, (values[name],))
        for name, target in model.references.items()
        if values.get(name) is not None
    }
    faults = [
        Fault(
            f"There is no {model.references[name].noun} {values[name]!r}.",
            "missing",
            f"/{name}",
        )
        for name, row in named.items()
        if row is None
    ]
    if faults:
        raise InvalidBody("The body names what does not exist.", faults=faults)
    for name, single in model.consults.items():
        named[name] = find(connection, single, ())
    parent = None
    if model.parent is not None and model.knows_parent:
        parent = find(connection, model.parent, (owner,))
    return Known(present, parent, named)


def _note(
    connection: sa.Connection, model: Model, owner: int, moment: str, *, added: int = 0
) -> counters.Change:
    """Note a change in the owner's collection, and in that of all where there is one.

    The change of the outermost collection numbers the versions of its rows.
    """
    change = counters.bump(connection, model, owner, moment, added=added)
    if model.stands_alone:
        return counters.bump(connection, model, counters.NO_OWNER, moment, added=added)
    return change


def _default(connection: sa.Connection, model: Model, keys: Keys) -> Any:
    """What stands where nothing was written yet, if the model has defaults."""
    if model.defaults is None:
        raise _missing(connection, model, keys)
    require_parent(connection, model, keys)
    owner = keys[-1] if keys else counters.NO_OWNER
    count = counters.count_of(connection, model, owner)
    stamps = {"version": count.version, "created": None, "updated": count.updated}
    values = {**model.defaults, model.key: owner, **stamps}
    return model.record(values[column.name] for column in model.columns)


def _missing(connection: sa.Connection, model: Model, keys: Keys) -> NotFound:
    if model.is_single:
        return _missing_single(connection, model, keys)
    if (
        model.parent is not None
        and keys[:-1]
        and seek(connection, model.parent, keys[:-1]) is None
    ):
        return _missing(connection, model.parent, keys[:-1])
    return missing(model, keys)


def missing(model: Model, keys: Keys) -> NotFound:
    """What is told where there is nothing at the keys."""
    return NotFound(
        f"There is nothing with the {model.key} {keys[-1]!r} in {model.name}.",
        within=Place(model.opened_at if keys[:-1] else model.name, keys[:-1]),
    )


def _missing_single(connection: sa.Connection, model: Model, keys: Keys) -> NotFound:
    parent: Any = model.parent
    if seek(connection, parent, keys) is None:
        return _missing(connection, parent, keys)
    return NotFound(
        f"There is no {model.noun} of {parent.noun} {keys[-1]} yet.",
        within=Place(parent.noun, keys),
    )


def _run(
    connection: sa.Connection, model: Model, statement: sa.Executable, binds: Values
) -> Any:
    try:
        row = connection.execute(statement, binds).first()
    except sa.exc.IntegrityError as ex:
        raise taken(model, ex.orig, binds) from ex
    return None if row is None else model.record(row)


def _ripple(connection: sa.Connection, model: Model, owner: int, moment: str) -> None:
    if model.ripple is None or model.parent is None:
        return
    above = counters.NO_OWNER
    if model.parent.owner is not None:
        above = owner_of(model.parent, find(connection, model.parent, (owner,)))
    change = _note(connection, model.parent, above, moment)
    connection.execute(
        model.ripple, {"owner": owner, "version": change.version, "now": moment}
    )


def _is_owned(model: Model, keys: Keys) -> bool:
    """Whether the keys name the owner too, who then must be the right one."""
    return model.owner is not None and len(keys) > 1


def _binds(model: Model, keys: Keys) -> Values:
    if _is_owned(model, keys):
        return {"key": keys[-1], "owner": keys[-2]}
    return {"key": keys[-1] if keys else counters.NO_OWNER}


def _at_keys(model: Model, is_owned: bool) -> list[sa.ColumnElement[bool]]:
    conditions = [model.column(model.key) == sa.bindparam("key")]
    if is_owned:
        conditions.append(model.column(str(model.owner)) == sa.bindparam("owner"))
    return conditions


@lru_cache(maxsize=256)
def _selection(model: Model, is_owned: bool) -> Prepared:
    return Prepared(sa.select(*model.columns).where(*_at_keys(model, is_owned)))


@lru_cache(maxsize=256)
def _stamping(model: Model, is_owned: bool) -> Prepared:
    stamp = sa.select(model.table.c.version, model.table.c.updated)
    return Prepared(stamp.where(*_at_keys(model, is_owned)))


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
            model.serial == sa.bindparam("key"),
            model.table.c.version == sa.bindparam("read"),
        )
        .values(changed)
        .returning(*model.columns)
    )


@lru_cache(maxsize=256)
def _removal(model: Model) -> sa.Delete:
    return sa.delete(model.table).where(
        model.serial == sa.bindparam("key"),
        model.table.c.version == sa.bindparam("read"),
    )
