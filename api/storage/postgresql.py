"""Writing to PostgreSQL: one writer at a time, and what it means when a commit fails.

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

from api.errors import Unavailable
from api.storage.limits import Limits
from api.storage.moments import QUESTION, Moment, Primary
from api.storage.outages import is_outage
from api.storage.postgresql_connections import discard
from api.storage.transactions import driver_of
from api.storage.writer import Job, OnGroup, Writer

_log = logging.getLogger("waymark.storage")

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

    def __init__(
        self,
        engine: sa.Engine,
        on_group: OnGroup,
        limits: Limits,
        primary: Primary | None = None,
    ) -> None:
        self._limits = limits
        self._primary = primary
        super().__init__(engine, on_group)

    def close(self) -> None:
        """Wait until all that was asked for is written, then close the connection."""
        super().close()
        self._let_go()

    def _write(self, _opened: ExitStack, group: list[Job]) -> None:
        begin = monotonic()
        late = [job for job in group if begin - job.asked > self._limits.seconds]
        for job in late:
            job.error = super().refusal(TimeoutError("its turn did not come"))
        in_time = [job for job in group if job not in late]
        if in_time:
            self._limits.on_connections(0, 1)
            try:
                self._insist(in_time, begin)
            finally:
                self._limits.on_connections(0, -1)

    def _insist(self, group: list[Job], begin: float) -> None:
        """Attempt to write the group until there is no hope that it will succeed."""
        deadline = begin + self._limits.seconds
        while True:
            for job in group:
                job.result = job.error = job.cause = None
            try:
                self._attempt(group, deadline)
            except (psycopg.Error, sa.exc.DBAPIError) as ex:
                self._let_go()
                hopeless = monotonic() > min(begin + _PATIENCE, deadline)
                if hopeless or not _is_transient(ex):
                    raise
                _log.warning("a group of writes is tried again: %s", ex)
                sleep(_PAUSE)
            except Undecided:
                self._let_go()
                raise
            else:
                return

    def _attempt(self, group: list[Job], deadline: float) -> None:
        if self._connection is None:
            self._connection = self.engine.connect()
        connection = self._connection
        driver = driver_of(connection)
        driver.deadline = deadline
        driver.execute(_BEGIN, prepare=False)
        for job in group:
            driver.execute("SAVEPOINT job")
            if not job.run(connection):
                cause = job.cause or job.error
                if isinstance(cause, sa.exc.DBAPIError) and _is_transient(cause):
                    raise cause
                driver.execute("ROLLBACK TO job")
            driver.execute("RELEASE job")
        self._commit(driver)

    def _commit(self, driver: Any) -> None:
        """Commit, and let those who read from standbys know how far they must be."""
        if self._primary is None:
            commit(driver)
        else:
            self._primary.note(Moment(*commit(driver, QUESTION)))

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


def commit(driver: Any, question: str = "") -> Any:
    """Commit, and believe it only if the server says that and no more.

    A server that gave up waiting for its standbys commits with a warning. What comes
    out is the row that answers the question, which costs no message of its own.

    Raises:
        Undecided: it said anything else, or nothing.
    """
    warnings: list[str] = []

    def note(told: Any) -> None:
        # What is told can be asked only now.
        warnings.append(told.message_primary)

    driver.add_notice_handler(note)
    try:
        cursor = driver.execute(f"COMMIT; {question}" if question else "COMMIT")
        ended = cursor.statusmessage
        row = cursor.fetchone() if question and cursor.nextset() else None
    except psycopg.Error as ex:
        raise Undecided(str(ex)) from ex
    finally:
        driver.remove_notice_handler(note)
    if warnings or ended != "COMMIT":
        raise Undecided(warnings[0] if warnings else ended)
    return row


def _is_transient(error: BaseException) -> bool:
    """Whether nothing was kept and another attempt may succeed."""
    cause: Any = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if state is None:
        # Without a state it is libpq that speaks: there is no connection.
        return isinstance(cause, psycopg.OperationalError)
    return state in _TRANSIENT or state.startswith(_LOST)
