"""The door to PostgreSQL: each read in a thread with a connection of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from api.storage.advisory_claims import AdvisoryClaims
from api.storage.engine import Storage
from api.storage.postgresql import (
    PostgresqlWriter,
    alone,
    discard,
    is_lost,
    postgresql_engine,
)

__all__ = ["AdvisoryClaims", "PostgresqlStorage", "alone", "postgresql_engine"]

P = ParamSpec("P")
T = TypeVar("T")

_READING_THREADS = 8


class PostgresqlStorage(Storage):
    """Runs functions that take a connection in threads, for their database is far.

    A read whose connection turns out to be lost is run again on a new one, which costs
    nothing as long as all is well; asking before each read would cost a round trip.
    """

    make_engine = staticmethod(postgresql_engine)

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
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._readers,
            self._scan,
            lambda connection: function(connection, *args, **kwargs),
        )

    def lend(self) -> sa.Connection:
        """A connection that nobody else uses, to be given back."""
        with suppress(IndexError):
            return self._spare.pop()
        return self._engine.connect()

    def give_back(self, connection: sa.Connection) -> None:
        """Take back what was lent, unless it is lost."""
        if is_lost(connection):
            discard(connection)
        else:
            super().give_back(connection)

    @cached_property
    def _writer(self) -> PostgresqlWriter:
        return PostgresqlWriter(self._engine, self._on_group)

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_READING_THREADS, thread_name_prefix="read")

    def _answer(self, function: Callable[[sa.Connection], T]) -> T:
        is_new = getattr(self._held, "connection", None) is None
        connection = self._connection_of_thread()
        try:
            return function(connection)
        except sa.exc.DBAPIError:
            if not is_lost(connection):
                raise
            self._held.connection = None
            with suppress(ValueError):
                self._opened.remove(connection)
            discard(connection)
            if is_new:
                raise
        return function(self._connection_of_thread())
