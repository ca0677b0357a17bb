"""One writer per process, group commit, and a lock that processes take in turn.

Requests that wait together are committed together: one fsync for all of them, a
savepoint for each, so that one that fails takes no other with it. Processes take turns
by an advisory lock on a file beside the database, which wakes the next one at once,
where SQLite's own lock would be polled.
"""

import asyncio
import fcntl
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa

from api.errors import Unavailable
from api.storage.outages import is_outage

T = TypeVar("T")

OnGroup = Callable[[int, int], None]
"""Who is told how many writes were committed together, and how many wait."""
_LARGEST_GROUP = 128
_log = logging.getLogger("waymark.storage")


def ignore(_size: int, _waiting: int) -> None:
    """Nobody wants to know."""


@dataclass(slots=True, eq=False)
class Job:
    """A function that waits to be run, and who waits for it."""

    function: Callable[[sa.Connection], Any]
    waiter: "asyncio.Future[Any]"
    result: Any = None
    error: BaseException | None = None
    cause: sa.exc.DBAPIError | None = None
    """What the database said, if it was the database that failed."""
    asked: float = field(default_factory=monotonic)
    """When it began to wait, by the monotonic clock."""

    def run(self, connection: sa.Connection) -> bool:
        """Whether the function came to its end; if not, its error is kept."""
        try:
            self.result = self.function(connection)
        except sa.exc.DBAPIError as ex:
            self.error = _refusal(ex) if is_outage(ex) else ex
            self.cause = ex
        except BaseException as ex:  # noqa: BLE001 - it is raised where it is awaited
            self.error = ex
        return self.error is None

    def settle(self) -> None:
        """Hand the outcome to the waiter, on the waiter's own loop."""
        if self.error is None:
            self.waiter.set_result(self.result)
        else:
            self.waiter.set_exception(self.error)


@dataclass(eq=False)
class Writer:
    """Runs write functions one after the other in a thread of its own."""

    errors: ClassVar[tuple[type[Exception], ...]] = (
        OSError,
        sqlite3.Error,
        sa.exc.DBAPIError,
    )
    """What can come from the database, or from the lock."""

    engine: sa.Engine
    on_group: OnGroup = ignore
    _queue: "SimpleQueue[Job | None]" = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        self._connection: sa.Connection | None = None
        self._lock = -1
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    async def run(self, function: Callable[[sa.Connection], T]) -> T:
        """What the function gives, after its transaction is on disk."""
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(Job(function, waiter))
        # A client that goes away must not undo a write that is under way.
        return await asyncio.shield(waiter)

    def close(self) -> None:
        """Wait until all that was asked for is written, then end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        with ExitStack() as opened:
            while (first := self._queue.get()) is not None:
                group = [first, *self._waiting()]
                try:
                    self._write(opened, group)
                except self.errors as ex:
                    _log.exception("the database refused a group of writes")
                    for job in group:
                        job.error = job.error or self.refusal(ex)
                _deliver(group)
                self.on_group(len(group), self._queue.qsize())

    def _write(self, opened: ExitStack, group: list[Job]) -> None:
        """Run the jobs and commit them; any error of the database undoes them all."""
        connection = self._connection or self._open(opened)
        with _turn(self._lock):
            _commit_together(connection, group)

    def refusal(self, cause: Exception) -> Exception:
        """What is told of a write that failed with its group."""
        return _refusal(cause)

    def _open(self, opened: ExitStack) -> sa.Connection:
        lock = opened.enter_context(_lock_file(self.engine).open("wb"))
        self._lock = lock.fileno()
        self._connection = opened.enter_context(self.engine.connect())
        return self._connection

    def _waiting(self) -> Iterator[Job]:
        for _ in range(_LARGEST_GROUP - 1):
            try:
                job = self._queue.get_nowait()
            except Empty:
                return
            if job is None:
                self._queue.put(None)
                return
            yield job


@contextmanager
def exclusively(connection: sa.Connection) -> Iterator[None]:
    """A transaction that keeps every other writer out; an error undoes all of it."""
    driver: Any = connection.connection.dbapi_connection
    with _lock_file(connection.engine).open("wb") as lock, _turn(lock.fileno()):
        driver.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            driver.execute("ROLLBACK")
            raise
        driver.execute("COMMIT")


def _lock_file(engine: sa.Engine) -> Path:
    return Path(f"{engine.url.database}.lock")


def _deliver(group: list[Job]) -> None:
    """Settle the jobs on the loops on which they are awaited."""
    for loop in {job.waiter.get_loop() for job in group}:
        mine = [job for job in group if job.waiter.get_loop() is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, mine)


def _settle(jobs: list[Job]) -> None:
    for job in jobs:
        job.settle()


def _refusal(cause: BaseException) -> Unavailable:
    refusal = Unavailable(
        "The database can't be written now; nothing of this request was kept.",
        headers={"Retry-After": "1"},
    )
    refusal.__cause__ = cause
    return refusal


@contextmanager
def _turn(lock: int) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _commit_together(connection: sa.Connection, group: list[Job]) -> None:
    """Run the jobs in one transaction and commit it, or undo all of it."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN IMMEDIATE")
    try:
        for job in group:
            driver.execute("SAVEPOINT job")
            if not job.run(connection):
                driver.execute("ROLLBACK TO job")
            driver.execute("RELEASE job")
        driver.execute("COMMIT")
    finally:
        if driver.in_transaction:
            driver.execute("ROLLBACK")
