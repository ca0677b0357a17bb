"""Claims on PostgreSQL: advisory locks, so they hold across processes and machines.

All claims of a process belong to one connection. The server takes them back when that
ends, so a key whose request was cut off is free again as soon as the server notices.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic

import psycopg
import sqlalchemy as sa

from api.errors import Unavailable
from api.storage.claims import in_progress, place_of
from api.storage.limits import DEFAULT, Limits
from api.storage.outages import is_outage
from api.storage.postgresql_connections import NoAnswer, discard
from api.storage.transactions import driver_of

# It stays in a transaction, which PgBouncer then leaves on its connection.
_BEGIN = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0"
_PATIENCE = 1.0
"""Seconds for which an answer waits until its claim is given back."""
_log = logging.getLogger("waymark.storage")


class AdvisoryClaims:
    """The keys whose requests run now, in this process and in others."""

    def __init__(self, engine: sa.Engine, limits: Limits = DEFAULT) -> None:
        self._engine = engine
        self._limits = limits
        self._connection: sa.Connection | None = None
        self._mine: set[int] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="claims")

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Hold the key as long as the block runs.

        Raises:
            RequestInProgress: somebody holds it.
            Unavailable: the database can't be asked.
        """
        place = place_of(key)
        if place in self._mine:
            raise in_progress()
        self._mine.add(place)
        try:
            loop = asyncio.get_running_loop()
            taking = partial(self._take, place, monotonic() + self._limits.seconds)
            await asyncio.shield(loop.run_in_executor(self._thread, taking))
            yield
        finally:
            self._mine.discard(place)
            # Who has the answer may ask again at once, and of another process.
            giving = self._thread.submit(self._give_back, place)
            await asyncio.wait([asyncio.wrap_future(giving)], timeout=_PATIENCE)

    def close(self) -> None:
        """Close the connection, and with it give back every claim."""
        self._thread.submit(self._let_go).result()

    def _take(self, place: int, deadline: float) -> None:
        try:
            try:
                is_mine = self._locked(place, deadline)
            except (psycopg.Error, sa.exc.DBAPIError):
                self._let_go()
                is_mine = self._locked(place, deadline)
        except (psycopg.Error, sa.exc.DBAPIError) as ex:
            self._let_go()
            if not is_outage(ex):
                raise
            _log.exception("an idempotency key can't be claimed")
            raise Unavailable(
                "The database can't be asked now.", headers={"Retry-After": "1"}
            ) from ex
        if not is_mine:
            raise in_progress()

    def _locked(self, place: int, deadline: float) -> bool:
        if monotonic() > deadline:
            raise NoAnswer("the key's turn did not come in time")
        if self._connection is None:
            self._connection = self._engine.connect()
            driver_of(self._connection).execute(_BEGIN, prepare=False)
        driver = driver_of(self._connection)
        asked = driver.execute("SELECT pg_try_advisory_lock(%s)", [place])
        is_mine: bool = asked.fetchone()[0]
        return is_mine

    def _give_back(self, place: int) -> None:
        if self._connection is None:
            return
        try:
            driver = driver_of(self._connection)
            driver.execute("SELECT pg_advisory_unlock(%s)", [place])
        except (psycopg.Error, sa.exc.DBAPIError):
            self._let_go()

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            discard(connection)
