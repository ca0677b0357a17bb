"""The door to PostgreSQL: each read in a thread with a connection of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from threading import Lock
from time import monotonic
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from api.errors import Unavailable
from api.storage.advisory_claims import AdvisoryClaims
from api.storage.engine import Storage, answered
from api.storage.limits import DEFAULT, Limits
from api.storage.postgresql import PostgresqlWriter, alone
from api.storage.postgresql_connections import (
    NoAnswer,
    discard,
    is_lost,
    postgresql_engine,
)
from api.storage.transactions import driver_of, run
from api.storage.writer import OnGroup, ignore

__all__ = ["AdvisoryClaims", "PostgresqlStorage", "alone", "postgresql_engine"]

P = ParamSpec("P")
T = TypeVar("T")

_STREAMING_THREADS = 2


class PostgresqlStorage(Storage):
    """Runs functions that take a connection in threads, for their database is far.

    A read whose connection turns out to be lost is run again on a new one, which costs
    nothing as long as all is well; asking before each read would cost a round trip.
    """

    def __init__(
        self, url: str, on_group: OnGroup = ignore, limits: Limits = DEFAULT
    ) -> None:
        self._limits = limits
        super().__init__(url, on_group)
        self._lent = 0
        self._lending = Lock()

    def make_engine(self, url: str) -> sa.Engine:
        """An engine whose connections keep the limits."""
        limits = self._limits
        return postgresql_engine(url, limits.seconds, limits.on_connections)

    async def read(
        self,
        function: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """What the function gives.

        Raises:
            Unavailable: the database can't be read now.
        """
        return await self._run(
            self._readers,
            self.answer,
            lambda connection: function(connection, *args, **kwargs),
        )

    async def scan(
        self,
        function: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same, for what may take long, so that no other read waits for it.

        Raises:
            Unavailable: the database can't be read now.
        """
        return await self._run(
            self._scanners,
            self.answer,
            lambda connection: function(connection, *args, **kwargs),
        )

    def lend(self) -> sa.Connection:
        """A connection that nobody else uses, to be given back."""
        connection = self._living_spare() or self._engine.connect()
        self._count_lent(1)
        return connection

    def _living_spare(self) -> sa.Connection | None:
        """A spare one that is not lost; asking is little beside a part of a stream."""
        with suppress(IndexError):
            while True:
                connection = self._spare.pop()
                try:
                    run(driver_of(connection), "SELECT 1")
                except sa.exc.OperationalError as ex:
                    discard(connection)
                    if isinstance(ex.orig, NoAnswer):
                        raise
                else:
                    return connection
        return None

    def give_back(self, connection: sa.Connection) -> None:
        """Take back what was lent, unless it is lost."""
        self._count_lent(-1)
        if is_lost(connection):
            discard(connection)
        else:
            super().give_back(connection)

    def has_made(self, connection: sa.Connection) -> bool:
        """Whether the connection is one of these."""
        return connection.engine is self._engine

    @property
    def may_keep(self) -> bool:
        """Whether what is lent may be kept while nobody reads: others need theirs."""
        return self._lent <= self._limits.searches - self._streaming_threads

    @cached_property
    def _writer(self) -> PostgresqlWriter:
        return PostgresqlWriter(self._engine, self._on_group, self._limits)

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._limits.reads, thread_name_prefix="read")

    @cached_property
    def _scanners(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._limits.searches, thread_name_prefix="scan")

    @cached_property
    def _streamers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._streaming_threads, thread_name_prefix="stream")

    @property
    def _streaming_threads(self) -> int:
        return min(_STREAMING_THREADS, self._limits.searches)

    async def _run(
        self,
        threads: Executor,
        answer: Callable[[Callable[[sa.Connection], T], float], T],
        function: Callable[[sa.Connection], T],
    ) -> T:
        deadline = monotonic() + self._limits.seconds
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            threads, answered, lambda: answer(function, deadline)
        )

    def answer(self, function: Callable[[sa.Connection], T], deadline: float) -> T:
        """What the function gives with a connection of this thread's, in time.

        Raises:
            Unavailable: its turn did not come in time.
            DBAPIError: the database can't be read, or the function is wrong.
        """
        if monotonic() > deadline:
            raise Unavailable("Too many wait.", headers={"Retry-After": "1"})
        is_new = getattr(self._held, "connection", None) is None
        try:
            return self._tried(function, deadline)
        except sa.exc.DBAPIError as ex:
            if not self._drop_lost() or is_new or isinstance(ex.orig, NoAnswer):
                raise
        return self._tried(function, deadline)

    def _tried(self, function: Callable[[sa.Connection], T], deadline: float) -> T:
        connection = self._connection_of_thread()
        driver_of(connection).deadline = deadline
        self._limits.on_connections(0, 1)
        try:
            return function(connection)
        finally:
            self._limits.on_connections(0, -1)

    def _drop_lost(self) -> bool:
        """Close this thread's connection if it is lost; whether it was."""
        connection = getattr(self._held, "connection", None)
        if connection is None or not is_lost(connection):
            return False
        self._held.connection = None
        with suppress(ValueError):
            self._opened.remove(connection)
        discard(connection)
        return True

    def _count_lent(self, more: int) -> None:
        self._limits.on_connections(0, more)
        with self._lending:
            self._lent += more
