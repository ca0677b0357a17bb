"""Which engine a URL names, and what stands before it.

What is PostgreSQL's is imported where it is used: its driver takes 11 MiB.
"""

from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from api.storage import writer
from api.storage.claims import Claims, KeyClaims
from api.storage.engine import Storage, sqlite_engine
from api.storage.limits import DEFAULT, Limits
from api.storage.transactions import POSTGRESQL
from api.storage.writer import OnGroup, ignore


def engine_at(url: str) -> sa.Engine:
    """An engine for the database, whose connections begin no transaction."""
    if not _is_postgresql(url):
        return sqlite_engine(url)
    engine: sa.Engine = _postgresql().postgresql_engine(url)
    return engine


def storage_at(
    url: str,
    on_group: OnGroup = ignore,
    limits: Limits = DEFAULT,
    standby_url: str = "",
) -> Storage:
    """The door to the database; limits and standbys are PostgreSQL's."""
    if not _is_postgresql(url):
        return Storage(url, on_group)
    if standby_url:
        standbys: Any = import_module("api.storage.standbys")
        replicated: Storage = standbys.ReplicatedStorage(
            url, standby_url, on_group, limits
        )
        return replicated
    storage: Storage = _postgresql().PostgresqlStorage(url, on_group, limits)
    return storage


def claims_at(url: str, limits: Limits = DEFAULT) -> KeyClaims:
    """The claims on idempotency keys, which hold wherever the database is used."""
    if not _is_postgresql(url):
        return Claims(Storage(url).beside("claims"))
    made = _postgresql()
    engine = made.postgresql_engine(url, limits.seconds, limits.on_connections)
    claims: KeyClaims = made.AdvisoryClaims(engine, limits)
    return claims


def exclusively(connection: sa.Connection) -> AbstractContextManager[None]:
    """A transaction that keeps every other writer out; an error undoes all of it."""
    if connection.dialect.name != POSTGRESQL:
        return writer.exclusively(connection)
    transaction: AbstractContextManager[None] = _postgresql().alone(connection)
    return transaction


def _is_postgresql(url: str) -> bool:
    return sa.make_url(url).get_backend_name() == POSTGRESQL


def _postgresql() -> Any:
    return import_module("api.storage.postgresql_storage")
