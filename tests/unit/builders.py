"""Builders of what the pure rules are tried on: requests, rows, queries."""

import itertools
from contextlib import contextmanager

from falcon.testing import create_scope

from api.documents import KINDS
from api.models.book import BOOK
from api.protocol.queries import Vocabulary
from api.protocol.request import ApiRequest
from api.storage import rows
from api.storage.engine import driver_of
from api.storage.query import Filter, Operator, Selection, SortKey

NUMBERS = itertools.count(1)
_BY_NAME = {kind.name: kind for kind in KINDS}
BOOK_KIND, REVIEW_KIND = _BY_NAME["book"], _BY_NAME["review"]
TASK_KIND, ITEM_KIND = _BY_NAME["task"], _BY_NAME["item"]
VOCABULARIES = {
    kind.name: Vocabulary(kind.model, kind.shape.members, ("reviews",))
    for kind in KINDS
}


@contextmanager
def undone(connection):
    """What is written inside is taken back."""
    driver = driver_of(connection)
    driver.execute("BEGIN")
    try:
        yield connection
    finally:
        # PostgreSQL takes it where there is no transaction too.
        if getattr(driver, "in_transaction", True):
            driver.execute("ROLLBACK")


@contextmanager
def savepoint(connection):
    """What is written inside is taken back, even if the database refused some of it."""
    driver = driver_of(connection)
    driver.execute("SAVEPOINT attempt")
    try:
        yield
    finally:
        driver.execute("ROLLBACK TO attempt")


def a_request(headers=None, *, body=b"", events=None, **scope):
    """A request whose body comes as the events, or as one."""
    coming = iter(events or [{"type": "http.request", "body": body}])

    async def receive():
        return next(coming)

    made = create_scope(headers=headers or {}, include_server=True, **scope)
    first = {"type": "http.request", "body": b"", "more_body": True}
    return ApiRequest(made, receive, first_event=first)


def book_values(**changes):
    """A book's values as its schema gives them."""
    values = {"title": "Emma", "author": "Jane Austen", "subjects": []}
    optional = ("isbn", "published", "language", "publisher", "pages", "description")
    return dict.fromkeys((*optional, "gutenberg_id")) | values | changes


def a_book(connection, **changes):
    """The row of a new book."""
    return rows.insert(connection, BOOK, book_values(**changes))


def by(*names):
    """A selection sorted by members; a minus in front makes one descend."""
    keys = [SortKey(name.removeprefix("-"), name.startswith("-")) for name in names]
    return Selection(sort=tuple(keys))


def where(member, operator, value):
    """A selection of what the filter lets through."""
    return Selection((Filter(member, Operator(operator), value),))
