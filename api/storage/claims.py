"""Claims: a lock on an idempotency key while its request runs, across processes.

A claim is a lock on one octet of a file beside the database. The kernel takes it back
when the process dies, so a key whose request was cut off is free again at once.
"""

import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
)
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Protocol

from api.errors import RequestInProgress

_PLACES = 2**62


class KeyClaims(Protocol):
    """Who knows which keys are held."""

    def hold(self, key: str) -> AbstractAsyncContextManager[None]:
        """Hold the key as long as the block runs."""

    def close(self) -> None:
        """Give back every claim."""


class Claims:
    """The keys whose requests run now, in this process and in others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._mine: set[int] = set()
        self._guard = Lock()

    @contextmanager
    def claim(self, key: str) -> Iterator[None]:
        """Hold the key as long as the block runs.

        Raises:
            RequestInProgress: somebody holds it.
        """
        place = place_of(key)
        self._take(place)
        try:
            yield
        finally:
            self._give_back(place)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """The same for a block that awaits; the kernel does not make it wait.

        Raises:
            RequestInProgress: somebody holds it.
        """
        with self.claim(key):
            yield

    def close(self) -> None:
        """Close the file, and with it give back every claim."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _take(self, place: int) -> None:
        with self._guard:
            # The kernel's locks belong to a process, so its own claims are kept here.
            if place in self._mine or not self._lock(place):
                raise in_progress()
            self._mine.add(place)

    def _lock(self, place: int) -> bool:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except BlockingIOError:
            return False
        return True

    def _give_back(self, place: int) -> None:
        with self._guard:
            self._mine.discard(place)
            if self._file is not None:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)


def place_of(key: str) -> int:
    """The number that stands for a key; others have the same one hardly ever."""
    digest = blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % _PLACES


def in_progress() -> RequestInProgress:
    """What is told to who asks again too early."""
    return RequestInProgress(
        "The first request with this key has not ended yet.",
        headers={"Retry-After": "1"},
    )
