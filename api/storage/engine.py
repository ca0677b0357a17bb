"""The door to the database: bounded reads at once, writes one after the other.

On SQLite a bounded read runs on the event loop, since it takes less time than handing
it to a thread. Every write goes to one writer per process, see `writer.py`.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from threading import local
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from api.errors import Unavailable
from api.models.base import sort_key
from api.storage.outages import is_outage
from api.storage.transactions import Snapshot, driver_of, is_settled
from api.storage.writer import OnGroup, Writer, ignore

__all__ = [
    "Connection",
    "Snapshot",
    "Storage",
    "driver_of",
    "is_settled",
    "sqlite_engine",
]

Connection = sa.Connection
"""What storage functions take; callers only pass it on."""

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger("waymark.storage")

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL, since NORMAL loses acknowledged writes when the power goes.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=20000",
    "PRAGMA cache_size=-32768",
    "PRAGMA mmap_size=268435456",
    "PRAGMA temp_store=MEMORY",
)
# A long reading touches everything once: what SQLite kept of it, or mapped into
# memory, and a large sort, would be memory that grows with what is read.
_LEAN_PRAGMAS = (
    "PRAGMA mmap_size=0",
    "PRAGMA cache_size=-1024",
    "PRAGMA temp_store=FILE",
)
_SCANNING_THREADS = 4
_STREAMING_THREADS = 2
_SPARE_CONNECTIONS = 4


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    connection.create_function("sort_key", 1, _sort_key_or_null, deterministic=True)


def _sort_key_or_null(text: str | None) -> str | None:
    return None if text is None else sort_key(text)


def sqlite_engine(url: str) -> sa.Engine:
    """An engine whose connections begin no transaction by themselves."""
    path = sa.make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        # Errors are logged, and what was asked for may be a secret.
        hide_parameters=True,
        connect_args={"check_same_thread": False, "cached_statements": 512},
    )
    sa.event.listen(engine, "connect", _prepare)
    return engine


class Storage:
    """Runs functions that take a connection, each with the right one at the right time.

    Connections are opened at their first use, so that each process has its own; after
    `close` the next use opens them anew.
    """

    def __init__(self, url: str, on_group: OnGroup = ignore) -> None:
        self._engine = self.make_engine(url)
        self._on_group = on_group
        self._held = local()
        self._opened: list[sa.Connection] = []
        self._spare: list[sa.Connection] = []

    def make_engine(self, url: str) -> sa.Engine:
        """The engine whose connections are used."""
        return sqlite_engine(url)

    async def read(
        self,
        function: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """What the function gives; it must take a bounded time, whatever is stored.

        Raises:
            Unavailable: the database can't be read now.
        """
        try:
            return function(self._reader, *args, **kwargs)
        except sa.exc.DatabaseError as ex:
            if not is_outage(ex):
                raise
            raise _unreadable(ex) from ex

    async def read_settled(
        self,
        function: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same, of what no failure can undo, for it is as good as acknowledged.

        Raises:
            Unavailable: the database can't be read now.
        """
        return await self.read(function, *args, **kwargs)

    async def scan(
        self,
        function: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """What the function gives, which may take as long as there are rows.

        Raises:
            Unavailable: the database can't be read now.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._scanners,
            self._scan,
            lambda connection: function(connection, *args, **kwargs),
        )

    async def stream(self, function: Callable[[], T]) -> T:
        """What the function gives, which reads a part of what may never end.

        It takes its turn with others that do, and nobody else waits for it.

        Raises:
            Unavailable: the database can't be read now.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._streamers, answered, function)

    def lend(self) -> sa.Connection:
        """A connection that keeps little in memory, to be given back."""
        try:
            return self._spare.pop()
        except IndexError:
            connection = self._engine.connect()
            for pragma in _LEAN_PRAGMAS:
                driver_of(connection).execute(pragma)
            return connection

    def give_back(self, connection: sa.Connection) -> None:
        """Take back what was lent; a few are kept for others."""
        if len(self._spare) < _SPARE_CONNECTIONS:
            self._spare.append(connection)
        else:
            connection.close()

    @property
    def may_keep(self) -> bool:
        """Whether what is lent may be kept while nobody reads from it."""
        return True

    async def write(
        self,
        function: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """What the function gives, once all it wrote is on disk.

        The function runs in a transaction of its own: an error undoes all of it.

        Raises:
            Unavailable: the database can't be written now; nothing was kept.
        """
        return await self._writer.run(
            lambda connection: function(connection, *args, **kwargs)
        )

    def beside(self, ending: str) -> Path:
        """The path of a file that stands beside the database's own."""
        return Path(f"{self._engine.url.database}.{ending}")

    def close(self) -> None:
        """Finish the writes that wait, then close every connection that is not lent."""
        opened = self.__dict__
        if "_writer" in opened:
            opened.pop("_writer").close()
        for threads in ("_readers", "_scanners", "_streamers"):
            if threads in opened:
                opened.pop(threads).shutdown()
        opened.pop("_reader", None)
        for mine in (self._opened, self._spare):
            while mine:
                mine.pop().close()

    @cached_property
    def _writer(self) -> Writer:
        return Writer(self._engine, self._on_group)

    @cached_property
    def _scanners(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_SCANNING_THREADS, thread_name_prefix="scan")

    @cached_property
    def _streamers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_STREAMING_THREADS, thread_name_prefix="stream")

    @cached_property
    def _reader(self) -> sa.Connection:
        return self._open()

    def _open(self) -> sa.Connection:
        connection = self._engine.connect()
        self._opened.append(connection)
        return connection

    def _scan(self, function: Callable[[sa.Connection], T]) -> T:
        return answered(lambda: function(self._connection_of_thread()))

    def _connection_of_thread(self) -> sa.Connection:
        connection: sa.Connection | None = getattr(self._held, "connection", None)
        if connection is None:
            connection = self._held.connection = self._open()
        return connection


def answered(function: Callable[[], T]) -> T:
    """What the function gives.

    Raises:
        Unavailable: the database can't be read now.
    """
    try:
        return function()
    except sa.exc.DatabaseError as ex:
        if not is_outage(ex):
            raise
        raise _unreadable(ex) from ex


def _unreadable(cause: sa.exc.DatabaseError) -> Unavailable:
    _log.error("the database can't be read", exc_info=cause)
    return Unavailable("The database can't be read now.", headers={"Retry-After": "1"})
