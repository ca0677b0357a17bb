"""Reading from standbys what the primary could have answered as well.

A read begins with one question to the primary, which all reads that wait share. A
standby then reads in a snapshot that has all that was acknowledged before the question,
and nothing that the primary does not show yet. One that is not so far within some
milliseconds is passed over for the primary.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from itertools import chain
from time import monotonic, sleep
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

import psycopg
import sqlalchemy as sa

from api.storage.limits import DEFAULT, Limits
from api.storage.moments import TIMELINE, Moment, Primary
from api.storage.outages import is_outage
from api.storage.postgresql import PostgresqlWriter
from api.storage.postgresql_connections import is_lost, postgresql_engine
from api.storage.postgresql_storage import PostgresqlStorage
from api.storage.transactions import UNSETTLED, driver_of, is_idle
from api.storage.writer import OnGroup, ignore

P = ParamSpec("P")
T = TypeVar("T")

_PATIENCE = 0.01
"""Seconds for which a read waits for a standby that is behind."""
_PAUSE = 0.001
_SHARE = 3
"""A standby, and the question to the primary, may take this part of a read's time."""
_AVOIDED = 2.0
"""Seconds for which standbys are left alone when one did not answer."""
_REVIEWED = 10.0
"""Seconds after which a connection that leads to a primary is made anew."""
_SINCE, _IS_STANDBY = "waymark_since", "waymark_is_standby"
_POSITION = (
    "(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
    " ELSE pg_current_wal_flush_lsn() END - '0/0')::bigint"
)
# The position is read before the snapshot is taken, so the snapshot has all up to it.
_BEGIN = f"""
    BEGIN;
    SELECT
        pg_has_role('pg_read_all_stats', 'USAGE'),
        pg_is_in_recovery(),
        CASE WHEN pg_is_in_recovery()
            THEN (SELECT received_tli FROM pg_stat_wal_receiver) ELSE {TIMELINE} END,
        {_POSITION};
    COMMIT;
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, {_POSITION}
"""  # noqa: S608 - both are constants
_log = logging.getLogger("waymark.storage")


class _Behind(Exception):
    """No standby can answer now as the primary would."""


class _Begun(NamedTuple):
    """Where a server is on which a snapshot was taken."""

    is_told: bool
    """Whether it may be known whom it follows."""
    is_standby: bool
    timeline: int | None
    """Of the primary it follows; None if it does not follow any now."""
    position: int
    """What it had replayed before the snapshot."""
    horizon: int
    """The transactions from this one on are not in the snapshot."""
    seen: int
    """What it had replayed when the snapshot stood."""


class ReplicatedStorage(PostgresqlStorage):
    """Writes to the primary; reads from standbys, and where they can't, from it too."""

    def __init__(
        self,
        url: str,
        standby_url: str,
        on_group: OnGroup = ignore,
        limits: Limits = DEFAULT,
    ) -> None:
        super().__init__(url, on_group, limits)
        short = replace(limits, seconds=limits.seconds / _SHARE)
        self._standby = PostgresqlStorage(standby_url, limits=short)
        asking = postgresql_engine(url, short.seconds, limits.on_connections)
        self._primary = Primary(asking)
        self._short = short.seconds
        self._avoided_until = 0.0
        self._has_complained = False

    async def read_settled(
        self,
        function: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """What the function gives, on the primary.

        Raises:
            Unavailable: it can't be read now.
        """
        return await self._run(
            self._readers,
            self._answer_of_primary,
            lambda connection: function(connection, *args, **kwargs),
        )

    def answer(self, function: Callable[[sa.Connection], T], deadline: float) -> T:
        """What the function gives with a connection of this thread's, in time.

        Raises:
            Unavailable: its turn did not come in time.
            DBAPIError: no server can be read, or the function is wrong.
        """

        def answer(connection: sa.Connection) -> T:
            with self._snapshot(connection):
                return function(connection)

        if monotonic() > self._avoided_until:
            soon = min(deadline, monotonic() + 2 * self._short)
            with self._passing_over():
                return self._standby.answer(answer, soon)
        return self._answer_of_primary(function, deadline)

    def _answer_of_primary(
        self, function: Callable[[sa.Connection], T], deadline: float
    ) -> T:
        def answer(connection: sa.Connection) -> T:
            try:
                self._begin_on_primary(connection)
                return function(connection)
            finally:
                _end(connection)

        return super().answer(answer, deadline)

    def lend(self) -> sa.Connection:
        """A connection in a snapshot of a standby's, or one to the primary."""
        if monotonic() > self._avoided_until:
            with self._passing_over():
                connection = self._standby.lend()
                try:
                    self._begin(connection)
                except BaseException:
                    self.give_back(connection)
                    raise
                return connection
        connection = super().lend()
        try:
            self._begin_on_primary(connection)
        except BaseException:
            self.give_back(connection)
            raise
        return connection

    def give_back(self, connection: sa.Connection) -> None:
        """Take back what was lent, unless it is lost."""
        _end(connection)
        if self._standby.has_made(connection):
            self._standby.give_back(connection)
        else:
            super().give_back(connection)

    @property
    def may_keep(self) -> bool:
        """Whether what is lent may be kept while nobody reads from it."""
        return super().may_keep and self._standby.may_keep

    def close(self) -> None:
        """Finish the writes that wait, then close every connection that is not lent."""
        super().close()
        self._standby.close()
        self._primary.close()

    @cached_property
    def _writer(self) -> PostgresqlWriter:
        return PostgresqlWriter(
            self._engine, self._on_group, self._limits, self._primary
        )

    @contextmanager
    def _passing_over(self) -> Iterator[None]:
        """Go on behind the block where no standby can answer."""
        try:
            yield
        except _Behind:
            pass
        except sa.exc.DBAPIError as ex:
            if not is_outage(ex):
                raise
            self._avoided_until = monotonic() + _AVOIDED
            _log.warning("no standby answers: %s", ex)

    @contextmanager
    def _snapshot(self, connection: sa.Connection) -> Iterator[None]:
        try:
            self._begin(connection)
            yield
        finally:
            _end(connection)
        _review(connection)

    def _begin(self, connection: sa.Connection) -> None:
        """Begin a snapshot that has what it must, and nothing that it must not.

        Raises:
            _Behind: there is none on this server now.
        """
        now = self._primary.ask()
        wanted = now or self._primary.last
        if wanted is None:
            raise _Behind
        patience = monotonic() + _PATIENCE
        begun = self._begun(connection)
        while not _is_new_enough(begun, wanted, is_now=now is not None):
            if now is None and monotonic() > patience:
                # The next connection may find another standby, which is further.
                driver_of(connection).close()
            _wait(patience)
            begun = self._begun(connection)
        connection.info[UNSETTLED] = now is None
        if now is None:
            self._primary.note_seen(begun.seen)
        while now and begun.is_standby and not now.shows(begun.horizon):
            _wait(patience)
            now = self._primary.ask()
            if now is None:
                raise _Behind

    def _begin_on_primary(self, connection: sa.Connection) -> None:
        """Begin a snapshot, unless the server was replaced and does not know it.

        Raises:
            OperationalError: it was, and the connection is closed.
        """
        begun, last = self._begun(connection), self._primary.last
        if last is not None and (begun.timeline or 0) < last.timeline:
            driver_of(connection).close()
            cause = psycopg.OperationalError("the primary was replaced")
            raise sa.exc.OperationalError("BEGIN", None, cause)

    def _begun(self, connection: sa.Connection) -> _Begun:
        """Begin a snapshot, and look where it stands."""
        driver = driver_of(connection)
        text = _BEGIN if is_idle(connection) else f"ROLLBACK; {_BEGIN}"
        try:
            cursor = driver.execute(text, prepare=False)
        except driver.OperationalError as ex:
            raise sa.exc.OperationalError(text, None, ex) from ex
        rows: Any = (each.fetchone() for each in cursor.results() if each.description)
        begun = _Begun(*chain.from_iterable(rows))
        connection.info.setdefault(_SINCE, monotonic())
        connection.info[_IS_STANDBY] = begun.is_standby
        if not (begun.is_told or self._has_complained):
            self._has_complained = True
            _log.error("no standby is read from: its role is not in pg_read_all_stats")
        return begun


def _is_new_enough(begun: _Begun, wanted: Moment, *, is_now: bool) -> bool:
    """Whether all that was acknowledged before the moment is in the snapshot.

    A standby of a primary that was replaced may have as much, but not the same. It is
    on the old timeline; one that follows nobody may be, which is put up with only where
    no primary answers.
    """
    if begun.position < wanted.written:
        return False
    if begun.timeline is None:
        return not is_now
    return begun.timeline >= wanted.timeline


def _wait(patience: float) -> None:
    if monotonic() > patience:
        raise _Behind
    sleep(_PAUSE)


def _end(connection: sa.Connection) -> None:
    if not is_lost(connection):
        with suppress(psycopg.Error):
            driver_of(connection).execute("ROLLBACK")


def _review(connection: sa.Connection) -> None:
    """Close one that should lead to a standby and has led to a primary for long."""
    info = connection.info
    if not info[_IS_STANDBY] and monotonic() > info[_SINCE] + _REVIEWED:
        driver_of(connection).close()
