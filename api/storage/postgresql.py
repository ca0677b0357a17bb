"""PostgreSQL: its connections, its one writer at a time, and what its errors mean.

Writers take turns by an advisory lock that ends with the transaction, so each of them
sees all that was committed before: nothing conflicts, no number of a change is twice.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic, sleep
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from api.errors import Unavailable
from api.storage.outages import is_outage
from api.storage.transactions import driver_of
from api.storage.writer import Job, Writer

_log = logging.getLogger("waymark.storage")

_CONNECT = {
    "connect_timeout": 5,
    "application_name": "waymark",
    # A peer that vanished is noticed, whatever the network does.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# So the server notices too, and gives back the locks of a node that is gone.
_SESSION = (
    "SET statement_timeout = '30s'; SET tcp_keepalives_idle = 3;"
    " SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 2"
)
_TURN = 0x5761796D61726B
"""The number of the lock that writers take in turn: `Waymark` in hexadecimal."""
# One message to the server. A commit that waits for standbys must never be cancelled,
# for a cancelled one counts as done; hence no limit for statements.
_BEGIN = (
    "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '20s';"
    " SET LOCAL idle_in_transaction_session_timeout = '20s';"
    f" SELECT pg_advisory_xact_lock({_TURN})"
)
_TRANSIENT = frozenset({"25006", "40001", "40P01", "57P01", "57P02", "57P03", "55P03"})
_LOST = "08"
_PATIENCE = 5.0
_PAUSE = 0.1


def postgresql_engine(url: str) -> sa.Engine:
    """An engine whose connections begin no transaction by themselves.

    `prepare_threshold=none` in the URL is for PgBouncer, which in transaction mode
    gives each transaction to another connection that has nothing prepared.
    """
    parsed = sa.make_url(url)
    arguments: dict[str, Any] = {
        name: value for name, value in _CONNECT.items() if name not in parsed.query
    }
    threshold = parsed.query.get("prepare_threshold")
    if threshold is not None:
        parsed = parsed.difference_update_query(["prepare_threshold"])
        number = str(threshold)
        arguments["prepare_threshold"] = int(number) if number.isdigit() else None
    engine = sa.create_engine(
        parsed,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args=arguments,
        use_native_hstore=False,
    )
    sa.event.listen(engine, "connect", _begin_session)
    return engine


def _begin_session(driver: Any, _record: object) -> None:
    driver.execute(_SESSION, prepare=False)


def is_lost(connection: sa.Connection) -> bool:
    """Whether the server can't be reached by the connection any more."""
    return connection.closed or connection.invalidated or driver_of(connection).closed


def discard(connection: sa.Connection) -> None:
    """Close a connection, in whichever state it is."""
    # One that SQLAlchemy knows to be lost has no driver any more.
    with suppress(psycopg.Error, sa.exc.SQLAlchemyError):
        driver_of(connection).close()
    with suppress(psycopg.Error, sa.exc.SQLAlchemyError):
        connection.invalidate()
    with suppress(psycopg.Error, sa.exc.SQLAlchemyError):
        connection.close()


@contextmanager
def alone(connection: sa.Connection) -> Iterator[None]:
    """A transaction that keeps every other writer out; an error undoes all of it."""
    driver = driver_of(connection)
    driver.execute(_BEGIN, prepare=False)
    try:
        yield
    except BaseException:
        with suppress(psycopg.OperationalError):
            driver.execute("ROLLBACK")
        raise
    commit(driver)


class Undecided(Exception):
    """The server did not tell whether it kept what it was to commit."""


class PostgresqlWriter(Writer):
    """Commits groups of writes; a group that no commit was asked for is tried again."""

    errors = (psycopg.Error, sa.exc.DBAPIError, Undecided)

    def _write(self, _opened: ExitStack, group: list[Job]) -> None:
        deadline = monotonic() + _PATIENCE
        while True:
            for job in group:
                job.result = job.error = None
            try:
                self._attempt(group)
            except (psycopg.Error, sa.exc.DBAPIError) as ex:
                self._let_go()
                if not _is_transient(ex) or monotonic() > deadline:
                    raise
                _log.warning("a group of writes is tried again: %s", ex)
                sleep(_PAUSE)
            except Undecided:
                self._let_go()
                raise
            else:
                return

    def _attempt(self, group: list[Job]) -> None:
        if self._connection is None:
            self._connection = self.engine.connect()
        connection = self._connection
        driver = driver_of(connection)
        driver.execute(_BEGIN, prepare=False)
        for job in group:
            driver.execute("SAVEPOINT job")
            if not job.run(connection):
                cause = job.cause or job.error
                if isinstance(cause, sa.exc.DBAPIError) and _is_transient(cause):
                    raise cause
                driver.execute("ROLLBACK TO job")
            driver.execute("RELEASE job")
        commit(driver)

    def _let_go(self) -> None:
        """Drop the connection, and with it the transaction and the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            discard(connection)

    def refusal(self, cause: Exception) -> Exception:
        """What is told of a write that failed, or may have."""
        if isinstance(cause, Undecided):
            undecided = Unavailable(
                "The database went away while it kept this request: look whether it "
                "did, or send it again with the same Idempotency-Key.",
                headers={"Retry-After": "2"},
            )
            undecided.__cause__ = cause
            return undecided
        return super().refusal(cause) if is_outage(cause) else cause


def commit(driver: Any) -> None:
    """Commit, and believe it only if the server says that and no more.

    A server that gave up waiting for its standbys commits with a warning.
    """
    warnings: list[Any] = []
    note = warnings.append
    driver.add_notice_handler(note)
    try:
        ended = driver.execute("COMMIT").statusmessage
    except psycopg.Error as ex:
        raise Undecided(str(ex)) from ex
    finally:
        driver.remove_notice_handler(note)
    if warnings or ended != "COMMIT":
        raise Undecided(warnings[0].message_primary if warnings else ended)


def _is_transient(error: BaseException) -> bool:
    """Whether nothing was kept and another attempt may succeed."""
    cause: Any = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if state is None:
        # Without a state it is libpq that speaks: there is no connection.
        return isinstance(cause, psycopg.OperationalError)
    return state in _TRANSIENT or state.startswith(_LOST)
