"""Which engine a URL names, and what stands before it."""

from contextlib import AbstractContextManager

import sqlalchemy as sa

from api.storage import writer
from api.storage.advisory_claims import AdvisoryClaims
from api.storage.claims import Claims
from api.storage.engine import Storage, sqlite_engine
from api.storage.postgresql import alone, postgresql_engine
from api.storage.postgresql_storage import PostgresqlStorage
from api.storage.transactions import POSTGRESQL
from api.storage.writer import OnGroup, ignore


def engine_at(url: str) -> sa.Engine:
    """An engine for the database, whose connections begin no transaction."""
    return postgresql_engine(url) if _is_postgresql(url) else sqlite_engine(url)


def storage_at(url: str, on_group: OnGroup = ignore) -> Storage:
    """The door to the database."""
    made = PostgresqlStorage if _is_postgresql(url) else Storage
    return made(url, on_group)


def claims_at(url: str) -> Claims | AdvisoryClaims:
    """The claims on idempotency keys, which hold wherever the database is used."""
    if _is_postgresql(url):
        return AdvisoryClaims(postgresql_engine(url))
    return Claims(Storage(url).beside("claims"))


def exclusively(connection: sa.Connection) -> AbstractContextManager[None]:
    """A transaction that keeps every other writer out; an error undoes all of it."""
    if connection.dialect.name == POSTGRESQL:
        return alone(connection)
    return writer.exclusively(connection)


def _is_postgresql(url: str) -> bool:
    return sa.make_url(url).get_backend_name() == POSTGRESQL
