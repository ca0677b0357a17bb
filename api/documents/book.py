"""Books: what a book's document says beyond its members."""

from typing import Any

from api.documents.kind import Kind, Linker
from api.hypermedia import relations
from api.hypermedia.document import Link, Links
from api.models.book import BOOK as MODEL
from api.roles import Role
from api.uris import Uris
from schemas.book import BookSchema


def book_linker(uris: Uris) -> Linker:
    """A book leads to the books of its author, and to the products that sell it."""
    books_by = uris.searcher("books", "author")
    products_of = uris.searcher("products", "book")

    def link(book: Any) -> Links:
        author = book.author
        others = Link(books_by(author), title=f"Books by {author}")
        products = Link(products_of(str(book.id)), title="Products that sell it")
        return {relations.RELATED: [others, products]}

    return link


BOOK = Kind(MODEL, BookSchema, read_by=Role.VISITOR, linker=book_linker)
