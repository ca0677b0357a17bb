"""Reading a whole collection, however large, in parts of bounded size.

A part is read at a stretch by a statement that begins behind the last row that was read
(keyset). Between parts nothing is held, neither a thread nor a snapshot, which would
keep the write-ahead log from starting anew for as long as a slow client takes. Only
where each statement would have to search or sort anew it is kept, and not for long.
"""

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any, Protocol, TypeAlias

import sqlalchemy as sa

from api.models.base import Model
from api.storage import pages
from api.storage.counters import NO_OWNER
from api.storage.prepared import Rows
from api.storage.query import START, Position, Selection

PART_OCTETS = 256 * 1024
"""A part ends with the batch of rows that makes it so large."""
KEPT_SECONDS = 2
KEPT_TIMES = 4
"""How long a statement may be kept: for some seconds, and behind rows that took long to
come for some times as long, so that searching anew stays the smaller part of the work.
"""

Write: TypeAlias = Callable[[list[Any]], bytes]
_Kept: TypeAlias = tuple[sa.Connection, Rows]


class Lender(Protocol):
    """Who has connections for long readings."""

    @property
    def may_keep(self) -> bool:
        """Whether what is lent may be kept while nobody reads from it."""

    def lend(self) -> sa.Connection:
        """A connection that nobody else uses until it is given back."""

    def give_back(self, connection: sa.Connection) -> None:
        """Take a connection that is not used any more."""


class Reading:
    """The rows of a selection from a position on, in their order, a part at a time.

    Parts can be taken in any thread, one after the other. What others add or remove
    meanwhile may be read or not; all else is read once.
    """

    def __init__(
        self,
        lender: Lender,
        model: Model,
        selection: Selection,
        position: Position = START,
        owner: int = NO_OWNER,
    ) -> None:
        self._lender = lender
        self._model = model
        self._selection = selection
        self._position = position
        self._owner = owner
        self._kept: _Kept | None = None
        self._ending = 0.0
        self.count = 0
        """How many rows were read."""
        self.has_ended = False

    @property
    def is_kept(self) -> bool:
        """Whether a statement is open, and a snapshot with it."""
        return self._kept is not None

    @property
    def seconds_left(self) -> float:
        """How long the statement may still be kept."""
        return self._ending - monotonic()

    def take(self, write: Write) -> bytes:
        """The next rows as `write` writes them; nothing only if there were no more.

        Raises:
            OperationalError: the database can't be read.
        """
        is_kept = False
        try:
            text = self._taken(write)
            may_keep = not (self._selection.is_bounded or self.has_ended)
            is_kept = may_keep and self.seconds_left > 0 and self._lender.may_keep
        finally:
            if not is_kept:
                self.detach()()
        return text

    def detach(self) -> Callable[[], None]:
        """Give up the statement, if there is one; the next part begins another.

        What comes out ends it, in any thread, and may wait for the database.
        """
        kept, self._kept = self._kept, None
        return partial(self._end, kept)

    def _end(self, kept: _Kept | None) -> None:
        if kept is None:
            return
        connection, batches = kept
        try:
            batches.close()
        finally:
            self._lender.give_back(connection)

    def _taken(self, write: Write) -> bytes:
        _, batches = self._kept = self._kept or self._begin()
        texts, size, asked = [], 0, monotonic()
        for batch in batches:
            came = monotonic()
            self._ending = max(self._ending, came + KEPT_TIMES * (came - asked))
            text = write(batch)
            texts.append(text)
            size += len(text)
            self.count += len(batch)
            if size >= PART_OCTETS:
                self._position = pages.behind(self._model, self._selection, batch[-1])
                break
            asked = monotonic()
        else:
            self.has_ended = True
        return b"".join(texts)

    def _begin(self) -> _Kept:
        self._ending = monotonic() + KEPT_SECONDS
        connection = self._lender.lend()
        return connection, pages.walk(
            connection, self._model, self._selection, self._position, self._owner
        )
