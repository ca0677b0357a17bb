"""Backups: a copy of the database as it is at one moment, made while it is served."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from api.models.base import Model
from api.models.housekeeping import COUNTERS
from api.storage.counters import NO_OWNER
from api.storage.engine import driver_of, sqlite_engine
from api.storage.migrations import NotCurrent, NotReachable, require_current
from api.storage.transactions import POSTGRESQL

_PAGES_AT_ONCE = 4096
Progress = Callable[[int, int], None]
"""Who hears how many pages of the database are left, and how many there are."""


def back_up(connection: sa.Connection, target: Path, progress: Progress) -> None:
    """Copy the database to a file, which is there whole or not at all.

    What others write meanwhile is not in it, or is in it whole.

    Raises:
        OSError: the file can't be written, or PostgreSQL has its own way.
    """
    if connection.dialect.name == POSTGRESQL:
        raise OSError("PostgreSQL is backed up by pg_dump or pg_basebackup")
    part = target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(part)) as copy:
            driver_of(connection).backup(
                copy,
                pages=_PAGES_AT_ONCE,
                progress=lambda _status, left, whole: progress(left, whole),
            )
            # One file, which needs no log beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)
    except sqlite3.OperationalError as ex:
        raise OSError(str(ex)) from ex
    finally:
        part.unlink(missing_ok=True)


def faults_in(file: Path, models: Sequence[Model]) -> list[str]:
    """What is wrong with a backup: torn pages, lost rows, counters that miscount."""
    url = f"sqlite:///{file}"
    engine = sqlite_engine(url)
    try:
        require_current(url)
        with engine.connect() as connection:
            return list(_faults_of(connection, models))
    except NotCurrent:
        return ["it is a database of another version"]
    except NotReachable as ex:
        return [f"it can't be read: {ex.reason}"]
    except sa.exc.DatabaseError as ex:
        return [f"it can't be read: {ex.orig}"]
    except sqlite3.DatabaseError as ex:
        return [f"it can't be read: {ex}"]
    finally:
        engine.dispose()


def _faults_of(connection: sa.Connection, models: Sequence[Model]) -> Iterator[str]:
    for (told,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        if told != "ok":
            yield str(told)
    for table, row, *_ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"{table} {row} refers to what is not there"
    for model in models:
        if not model.is_single:
            yield from _miscounts(connection, model)


def _miscounts(connection: sa.Connection, model: Model) -> Iterator[str]:
    """The collections of a model whose totals are not the numbers of their rows."""
    counted = sa.select(COUNTERS.c.owner, COUNTERS.c.total).where(
        COUNTERS.c.collection == model.name
    )
    totals = {owner: total for owner, total in connection.execute(counted) if total}
    found: dict[int, int] = {}
    if model.owner is None or model.stands_alone:
        every = sa.select(sa.func.count()).select_from(model.table)
        found[NO_OWNER] = connection.execute(every).scalar_one()
    if model.owner is not None:
        owner = model.column(model.owner)
        each = sa.select(owner, sa.func.count()).group_by(owner)
        found |= dict(connection.execute(each).tuples().all())
    for key in sorted(totals.keys() | found.keys()):
        told, there = totals.get(key, 0), found.get(key, 0)
        if told != there:
            whose = f" of {key}" if key else ""
            yield f"{model.name}{whose}: {there:,} rows are counted as {told:,}"
