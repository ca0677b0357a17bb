"""Copying a whole shop from one database to another, whichever engines they are.

Rows are copied as they are kept, so ids, versions, cursors, tokens and receipts stay
good. The target is written in one transaction: it holds all of the shop or nothing.
"""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from api.models import configuration, lineitem, review, step, task, token, user
from api.models import item as items
from api.models.base import METADATA
from api.storage.transactions import POSTGRESQL, Snapshot

_BATCH = 500
_TABLES = (configuration, lineitem, review, step, task, token, user, items)
"""Modules whose tables METADATA knows once they are imported."""
_SQLITE_SERIALS = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
_POSTGRESQL_SERIALS = sa.table("serials", sa.column("name"), sa.column("last"))


class NotCopied(Exception):
    """The copy was not made, or is not the same; nothing of it was kept."""


def number_of_rows(connection: sa.Connection) -> int:
    """How many rows there are in all tables."""
    return sum(_count(connection, table) for table in METADATA.sorted_tables)


def copy_all(
    source: sa.Connection, target: sa.Connection, progress: Callable[[int], None]
) -> dict[str, int]:
    """How many rows of each table were copied; `progress` hears of each batch.

    It belongs inside of a transaction on the target that keeps other writers out.

    Raises:
        NotCopied: the target is not empty, or has other rows than the source.
    """
    if number_of_rows(target):
        raise NotCopied("there is something in the target already")
    copied: dict[str, int] = {}
    with Snapshot(source):
        for table in METADATA.sorted_tables:
            raw, digest, count = _raw(table), blake2b(), 0
            for batch in _batches(source, raw):
                target.execute(sa.insert(raw), [row._asdict() for row in batch])
                digest.update(repr([*map(tuple, batch)]).encode())
                count += len(batch)
                progress(len(batch))
            again = blake2b()
            for batch in _batches(target, raw):
                again.update(repr([*map(tuple, batch)]).encode())
            if again.digest() != digest.digest():
                raise NotCopied(f"{table.name} is not the same in the target")
            copied[table.name] = count
        _copy_serials(source, target)
    return copied


def _raw(table: sa.Table) -> sa.Table:
    """The same table, whose values are what the database holds."""
    columns = [
        sa.Column(
            each.name,
            each.type.impl if isinstance(each.type, sa.TypeDecorator) else each.type,
            primary_key=each.primary_key,
            autoincrement=False,
        )
        for each in table.columns
    ]
    return sa.Table(table.name, sa.MetaData(), *columns)


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[Any]:
    """All rows by their key, some at a time, each batch behind the last."""
    keys = [*table.primary_key.columns]
    place: Any = None
    while True:
        asked = sa.select(table).order_by(*keys).limit(_BATCH)
        if place is not None:
            asked = asked.where(sa.tuple_(*keys) > sa.tuple_(*place))
        found = connection.execute(asked).all()
        if not found:
            return
        yield found
        place = [
            sa.literal(getattr(found[-1], key.name), type_=key.type) for key in keys
        ]


def _copy_serials(source: sa.Connection, target: sa.Connection) -> None:
    """Let no number be given again, though its row was removed in the source."""
    kept, column = _serials(source)
    for name, last in source.execute(sa.select(kept.c.name, column)).all():
        told, seq = _serials(target)
        known = {seq.name: last}
        changed = target.execute(
            sa.update(told).where(told.c.name == name).values(known)
        )
        if not changed.rowcount:
            target.execute(sa.insert(told).values({"name": name, **known}))


def _serials(connection: sa.Connection) -> tuple[sa.TableClause, Any]:
    if connection.dialect.name == POSTGRESQL:
        return _POSTGRESQL_SERIALS, _POSTGRESQL_SERIALS.c.last
    return _SQLITE_SERIALS, _SQLITE_SERIALS.c.seq


def _count(connection: sa.Connection, table: sa.Table) -> int:
    number: int = connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
    return number
