"""What the primary of several servers has written and shows, at a moment.

Standbys are measured by it: one that has replayed less answers with what is old, one
that shows more answers with what a failover may still undo.
"""

import logging
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, NamedTuple

import psycopg
import sqlalchemy as sa

from api.storage.postgresql_connections import NoAnswer, discard
from api.storage.transactions import driver_of

TIMELINE = "('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int"
"""Each promotion begins another."""
QUESTION = (
    f"SELECT {TIMELINE}, (pg_current_wal_flush_lsn() - '0/0')::bigint,"  # noqa: S608
    " pg_snapshot_xmax(pg_current_snapshot())::text::bigint,"
    " ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(pg_current_snapshot()) AS x)"
)
"""What a primary answers makes a `Moment`."""
_ASKED_EVERY = 0.5
"""Seconds after which a primary that was away is looked for again."""
_log = logging.getLogger("waymark.storage")

_Waiter = Future["Moment | None"]


class Moment(NamedTuple):
    """What a primary told of itself."""

    timeline: int
    written: int
    """How far its write-ahead log was on its disk (an LSN)."""
    horizon: int
    """The transactions from this one on were not visible."""
    unfinished: list[int]
    """Those before it that were not visible: they ran, or waited for standbys."""

    def shows(self, horizon: int) -> bool:
        """Whether it showed every transaction before the horizon."""
        unseen = any(each < horizon for each in self.unfinished)
        return horizon <= self.horizon and not unseen


class Primary:
    """Asks the primary, once for all who want to know at the same time."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: sa.Connection | None = None
        self._queue: SimpleQueue[_Waiter | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._lock = Lock()
        self.last: Moment | None = None
        """The furthest that was ever learned."""
        self.is_away = False

    def ask(self) -> Moment | None:
        """What it has; asked after this was called. None where it can't be reached."""
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._work, name="primary", daemon=True)
                self._thread.start()
        if self.is_away:
            return None
        waiter: _Waiter = Future()
        self._queue.put(waiter)
        return waiter.result()

    def note(self, moment: Moment) -> None:
        """Take it that the primary was there, and had this."""
        self.is_away = False
        self._keep(moment)

    def note_seen(self, written: int) -> None:
        """Take it that somebody has seen what a standby had replayed up to here."""
        if self.last is not None:
            self._keep(self.last._replace(written=written))

    def close(self) -> None:
        """End the thread and its connection."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _keep(self, moment: Moment) -> None:
        with self._lock:
            if self.last is None or moment[:2] > self.last[:2]:
                self.last = moment

    def _work(self) -> None:
        while True:
            waiters = self._waiting()
            is_ending = None in waiters
            moment = None if is_ending else self._asked()
            for waiter in waiters:
                if waiter is not None:
                    waiter.set_result(moment)
            if is_ending:
                break
        self._let_go()

    def _waiting(self) -> list[_Waiter | None]:
        """Who waits now; nobody, where it is time to look for the primary again."""
        waiters = []
        try:
            waiters.append(
                self._queue.get(timeout=_ASKED_EVERY if self.is_away else None)
            )
            while True:
                waiters.append(self._queue.get_nowait())
        except Empty:
            return waiters

    def _asked(self) -> Moment | None:
        try:
            moment = self._answer()
        except (psycopg.Error, sa.exc.DBAPIError) as ex:
            self._let_go()
            self.is_away = True
            _log.warning("the primary can't be asked: %s", ex)
            return None
        if self.last is not None and moment.timeline < self.last.timeline:
            self._let_go()
            self.is_away = True
            _log.warning("a primary that was replaced still answers")
            return None
        self.note(moment)
        return moment

    def _answer(self) -> Moment:
        connection = self._connection
        if connection is not None:
            try:
                return self._answer_on(connection)
            except NoAnswer:
                raise
            except psycopg.OperationalError:
                # It was lost, and may be found again at once, or another one.
                self._let_go()
        connection = self._connection = self._engine.connect()
        return self._answer_on(connection)

    def _answer_on(self, connection: sa.Connection) -> Moment:
        row: Any = driver_of(connection).execute(QUESTION).fetchone()
        return Moment(*row)

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            discard(connection)
