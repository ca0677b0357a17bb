"""Products: what a product's document says beyond its members."""

from typing import Any

from api.documents.kind import Kind, Linker
from api.hypermedia import relations
from api.hypermedia.document import Link, Links
from api.models.product import PRODUCT as MODEL
from api.roles import Role
from api.uris import Uris
from schemas.product import ProductSchema


def product_linker(uris: Uris) -> Linker:
    """A product leads to its book, if it is one."""
    book_at = uris.maker("book")

    def link(product: Any) -> Links:
        if product.book is None:
            return {}
        return {relations.RELATED: [Link(book_at((product.book,)), title="The book")]}

    return link


PRODUCT = Kind(MODEL, ProductSchema, read_by=Role.VISITOR, linker=product_linker)
