"""Bodies that are read while they are sent: whole collections as streams.

A part is read ahead while the client takes the one before, and no further: a slow
client makes nobody wait and nothing pile up.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from api.storage.engine import Storage
from api.storage.reading import Reading

_endings: set[asyncio.Future[None]] = set()
"""Statements that are being ended; the loop itself would forget them."""


class Writing(NamedTuple):
    """How a body is written: its beginning, rows, its end by the number of rows."""

    begin: bytes
    write: Callable[[list[Any]], bytes]
    end: Callable[[int], bytes]


class StreamedBody:
    """The parts of a reading as the body of an answer; Falcon iterates and closes it.

    An error in the middle leaves the body without an end, so that the server breaks the
    connection. When the client goes away the server cancels the request, and nothing
    more is read than the part that is being read.
    """

    def __init__(
        self,
        storage: Storage,
        reading: Reading,
        writing: Writing,
    ) -> None:
        self._storage = storage
        self._reading = reading
        self._writing = writing
        self._next: asyncio.Future[bytes] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def begin(self) -> bytes | None:
        """Read the first part; the whole body if there is no other.

        Raises:
            Unavailable: the database can't be read now.
        """
        self._next = asyncio.ensure_future(self._part())
        try:
            await asyncio.wait({self._next})
        except asyncio.CancelledError:
            await self.close()
            raise
        part = self._next.result()
        return part if self._reading.has_ended else None

    def __aiter__(self) -> "StreamedBody":
        return self

    async def __anext__(self) -> bytes:
        """The next part, while the one behind it begins to be read."""
        if self._next is None:
            raise StopAsyncIteration
        await asyncio.wait({self._next})
        part = self._next.result()
        has_ended = self._reading.has_ended
        self._next = None if has_ended else asyncio.ensure_future(self._part())
        return part

    async def close(self) -> None:
        """End the reading, at the end of the part that is being read."""
        if self._next is not None:
            self._next.add_done_callback(self._forget)

    async def _part(self) -> bytes:
        self._stop_timer()
        part = await self._storage.stream(self._read)
        if self._reading.is_kept:
            loop = asyncio.get_running_loop()
            left = self._reading.seconds_left
            self._timer = loop.call_later(left, self._let_go)
        return part

    def _read(self) -> bytes:
        reading, (begin, write, end) = self._reading, self._writing
        is_first = reading.count == 0
        part = reading.take(write)
        if is_first:
            part = begin + part
        return part + end(reading.count) if reading.has_ended else part

    def _forget(self, last: asyncio.Future[bytes]) -> None:
        if not last.cancelled():
            # Nobody else will ask what became of it.
            last.exception()
        self._stop_timer()
        self._let_go()

    def _let_go(self) -> None:
        """End the statement in a thread, for a database that hangs takes its time."""
        ending = asyncio.ensure_future(self._storage.stream(self._reading.detach()))
        _endings.add(ending)
        ending.add_done_callback(_ended)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _ended(ending: asyncio.Future[None]) -> None:
    _endings.discard(ending)
    if not ending.cancelled():
        # Where it failed the connection is lost, which its owner has seen.
        ending.exception()
