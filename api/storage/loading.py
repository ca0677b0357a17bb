"""Loading the catalogue: one transaction, so all of it is there or nothing is.

Books that stand already, known by their Gutenberg number, are left as they are: what
an editor changed stays changed.
"""

import hashlib
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from api.catalogue import CatalogueBook
from api.models.base import NOTHING_KNOWN, now
from api.models.book import BOOK, BOOKS
from api.models.housekeeping import LOADS
from api.storage import counters

_BATCH = 2000

_KNOWN = sa.select(LOADS.c.books).where(LOADS.c.digest == sa.bindparam("digest"))
# How many an INSERT of many rows kept is not told by every driver.
_NUMBER = sa.select(sa.func.count()).select_from(BOOKS)
_INSERT = insert(BOOKS).on_conflict_do_nothing(index_elements=[BOOKS.c.gutenberg_id])


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_loaded(connection: sa.Connection, digest: str) -> bool:
    """Whether the file of that content was loaded once."""
    return connection.execute(_KNOWN, {"digest": digest}).first() is not None


def load_books(
    connection: sa.Connection,
    books: Iterable[CatalogueBook],
    digest: str,
    progress: Callable[[int], None],
) -> int:
    """How many books were new; `progress` hears how many were read with each batch."""
    moment = now()
    count = counters.count_of(connection, BOOK)
    read, before = 0, _number_of_books(connection)
    stream = iter(books)
    while batch := list(islice(stream, _BATCH)):
        first = count.version + read + 1
        rows = [
            _row(book, version, moment) for version, book in enumerate(batch, first)
        ]
        connection.execute(_INSERT, rows)
        read += len(batch)
        progress(len(batch))
    new = _number_of_books(connection) - before
    counters.bump(
        connection, BOOK, counters.NO_OWNER, moment, added=new, changes=read + 1
    )
    connection.execute(
        insert(LOADS).on_conflict_do_nothing(),
        {"digest": digest, "books": new, "created": moment},
    )
    return new


def _number_of_books(connection: sa.Connection) -> int:
    number: int = connection.scalar(_NUMBER) or 0
    return number


def _row(book: CatalogueBook, version: int, moment: str) -> dict[str, Any]:
    values = {
        "title": book.title,
        "author": book.author,
        "author_sort": book.author_sort,
        "isbn": None,
        "published": None,
        "language": book.language,
        "publisher": None,
        "pages": None,
        "subjects": list(book.subjects),
        "description": None,
        "gutenberg_id": book.gutenberg_id,
        "version": version,
        "created": moment,
        "updated": moment,
    }
    return BOOK.derive(values, NOTHING_KNOWN)
