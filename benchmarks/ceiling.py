"""The ceiling: what Waymark answers to three requests, written by hand for just these.

Falcon, sqlite3 and msgspec, the same worker, the same rows, the same bytes; each
request reads the database and builds its document. Nothing here is configurable,
negotiated, checked or shared between nouns: what that costs is the ratio to Waymark.
"""

import os
import sqlite3
from base64 import urlsafe_b64encode
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2s
from typing import Any
from urllib.parse import quote

import falcon.asgi
import msgspec
from msgspec import Raw

encode = msgspec.json.Encoder().encode

_COLUMNS = (
    "id, title, author, isbn, published, language, publisher, pages, subjects,"
    " description, gutenberg_id, rating, reviews, created, updated, version"
)
_BOOK = f"SELECT {_COLUMNS} FROM books WHERE id = ?"
_BOOKS = f"SELECT {_COLUMNS} FROM books ORDER BY id LIMIT 21"
_VERSION = (
    "SELECT total, version, updated FROM counters"
    " WHERE collection = 'books' AND owner = 0"
)

_HAL, _XML = "application/hal+json", "application/xml"
_HTML, _NDJSON, _CSV = "text/html", "application/x-ndjson", "text/csv"
_COLLECTION = Raw(encode({"href": "/books"}))
_CURIES = Raw(encode([{"href": "/rels/{rel}", "templated": True, "name": "wm"}]))
_FIRST, _UP = _COLLECTION, Raw(encode({"href": "/"}))
_SEARCH = Raw(
    encode(
        {
            "href": "/books{?q,id,title,author,isbn,published,language,publisher,pages,"
            "subjects,description,gutenberg_id,rating,reviews,created,updated,"
            "sort,limit,cursor,fields}",
            "templated": True,
        }
    )
)
_ALTERNATES = Raw(
    encode(
        [
            {"href": "/books.json", "type": _HAL},
            {"href": "/books.xml", "type": _XML},
            {"href": "/books.html", "type": _HTML},
            {"href": "/books.ndjson", "type": _NDJSON},
            {"href": "/books.csv", "type": _CSV},
        ]
    )
)
_PAGE_SCHEMA = Raw(encode({"href": "/schemas/book-page"}))
_SCHEMA = Raw(encode({"href": "/schemas/book"}))
_ACCEPT_PATCH = (
    "application/merge-patch+json, application/json-patch+json, application/json, "
    "application/hal+json, application/vnd.hal+json, application/prs.hal-forms+json, "
    "application/x-www-form-urlencoded"
)

_cursor_hash = blake2s(key=blake2s(encode(["books", False])).digest(), digest_size=6)


def cursor(text: bytes) -> str:
    """The text behind its check, as letters, digits, `-` and `_`."""
    check = _cursor_hash.copy()
    check.update(text)
    return urlsafe_b64encode(check.digest() + text).rstrip(b"=").decode()


_LAST_HREF = f"/books?cursor={cursor(b'[true,[]]')}"
_LAST = Raw(encode({"href": _LAST_HREF}))


@lru_cache(maxsize=4096)
def quoted(text: str) -> str:
    """The text as a value in a query."""
    return quote(text, safe="/:@!$'()*-._~")


@lru_cache(maxsize=4096)
def http_date(timestamp: str) -> str:
    """The stored time as a header field has it."""
    moment = datetime.fromisoformat(timestamp).replace(microsecond=0)
    return format_datetime(moment, usegmt=True)


def book(row: tuple[Any, ...]) -> dict[str, Any]:
    """A book's document."""
    (
        key,
        title,
        author,
        isbn,
        published,
        language,
        publisher,
        pages,
        subjects,
        description,
        gutenberg_id,
        rating,
        reviews,
        created,
        updated,
        _,
    ) = row
    href = f"/books/{key}"
    return {
        "_links": {
            "self": {"href": href},
            "collection": _COLLECTION,
            "curies": _CURIES,
            "wm:reviews": {"href": f"{href}/reviews"},
            "related": [
                {
                    "href": f"/books?author={quoted(author)}",
                    "title": f"Books by {author}",
                },
                {
                    "href": f"/products?book={key}",
                    "title": "Products that sell it",
                },
            ],
            "alternate": [
                {"href": f"{href}.json", "type": _HAL},
                {"href": f"{href}.xml", "type": _XML},
                {"href": f"{href}.html", "type": _HTML},
            ],
            "describedby": _SCHEMA,
        },
        "id": key,
        "title": title,
        "author": author,
        "isbn": isbn,
        "published": published,
        "language": language,
        "publisher": publisher,
        "pages": pages,
        # The database holds the list as compact JSON, which needs no second writing.
        "subjects": Raw(subjects),
        "description": description,
        "gutenberg_id": gutenberg_id,
        "rating": None if rating is None else rating / 10,
        "reviews": reviews,
        "created": created,
        "updated": updated,
    }


class Books:
    """The first page of all books."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.execute = database.execute

    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response
    ) -> None:
        """Twenty books and the way to the next; 304 to who has them."""
        self.execute("BEGIN")
        try:
            total, version, updated = self.execute(_VERSION).fetchone()
            etag = f'"{version}-json"'
            is_fresh = req.get_header("If-None-Match") == etag
            rows = [] if is_fresh else self.execute(_BOOKS).fetchall()
        finally:
            self.execute("COMMIT")
        # Falcon's own setter checks each field: 3 µs that would flatter the ratio.
        headers = resp._headers  # noqa: SLF001
        headers["cache-control"] = "public, max-age=60"
        headers["vary"] = "Accept, Prefer"
        headers["etag"] = etag
        headers["last-modified"] = http_date(updated)
        headers["content-location"] = "/books.json"
        headers["x-content-type-options"] = "nosniff"
        if is_fresh:
            resp.status = falcon.HTTP_304
            return
        headers["content-type"] = _HAL
        following = f"/books?cursor={cursor(b'[false,[%d]]' % rows[19][0])}"
        headers["link"] = (
            f'<{following}>; rel="next", </books>; rel="first", '
            f'<{_LAST_HREF}>; rel="last", </books>; rel="self", </>; rel="up", '
            f'</books.json>; rel="alternate"; type="{_HAL}", '
            f'</books.xml>; rel="alternate"; type="{_XML}", '
            f'</books.html>; rel="alternate"; type="{_HTML}", '
            f'</books.ndjson>; rel="alternate"; type="{_NDJSON}", '
            f'</books.csv>; rel="alternate"; type="{_CSV}", '
            '</schemas/book-page>; rel="describedby"'
        )
        resp.data = encode(
            {
                "_links": {
                    "self": _FIRST,
                    "first": _FIRST,
                    "next": {"href": following},
                    "last": _LAST,
                    "up": _UP,
                    "search": _SEARCH,
                    "alternate": _ALTERNATES,
                    "describedby": _PAGE_SCHEMA,
                },
                "total": total,
                "total_kind": "exact",
                "count": 20,
                "_embedded": {"item": [book(row) for row in rows[:20]]},
            }
        )


class Book:
    """One book."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.execute = database.execute

    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, key: int
    ) -> None:
        """The book; 304 to who has it."""
        row = self.execute(_BOOK, (key,)).fetchone()
        if row is None:
            raise falcon.HTTPNotFound
        href = f"/books/{key}"
        etag = f'"{row[15]}-json"'
        headers = resp._headers  # noqa: SLF001
        headers["cache-control"] = "public, max-age=60"
        headers["vary"] = "Accept"
        headers["etag"] = etag
        headers["last-modified"] = http_date(row[14])
        headers["content-location"] = f"{href}.json"
        headers["x-content-type-options"] = "nosniff"
        if req.get_header("If-None-Match") == etag:
            resp.status = falcon.HTTP_304
            return
        headers["content-type"] = _HAL
        headers["link"] = (
            f'<{href}>; rel="self", </books>; rel="collection", '
            f'<{href}/reviews>; rel="wm:reviews", '
            f'</books?author={quoted(row[2])}>; rel="related", '
            f'</products?book={row[0]}>; rel="related", '
            f'<{href}.json>; rel="alternate"; type="{_HAL}", '
            f'<{href}.xml>; rel="alternate"; type="{_XML}", '
            f'<{href}.html>; rel="alternate"; type="{_HTML}", '
            '</schemas/book>; rel="describedby"'
        )
        headers["accept-patch"] = _ACCEPT_PATCH
        resp.data = encode(book(row))


def create_app() -> falcon.asgi.App:
    """The application on the database that Waymark would use."""
    path = os.environ["WAYMARK_DATABASE_URL"].removeprefix("sqlite:///")
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA cache_size=-32768")
    database.execute("PRAGMA mmap_size=268435456")
    app = falcon.asgi.App()
    app.add_route("/books", Books(database))
    app.add_route("/books/{key:int}", Book(database))
    return app
