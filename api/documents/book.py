"""Books: what a book's document says beyond its members."""

from typing import Any

from api.documents.kind import Kind
from api.hypermedia import relations
from api.hypermedia.document import Link, Links
from api.models.book import BOOK as MODEL
from api.uris import Uris
from schemas.book import BookSchema


def book_links(book: Any, uris: Uris) -> Links:
    """A book leads to the books of its author."""
    href = uris.search("books", author=book.author)
    return {relations.RELATED: [Link(href, title=f"Books by {book.author}")]}


BOOK = Kind(MODEL, BookSchema, is_public=True, links=book_links)
