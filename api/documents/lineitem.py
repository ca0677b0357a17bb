"""Line items: what a line item's document says beyond its members."""

from typing import Any

from api.documents.kind import Kind, Linker
from api.documents.order import ORDER
from api.hypermedia import relations
from api.hypermedia.document import Link, Links
from api.models.lineitem import LINEITEM as MODEL
from api.uris import Uris
from schemas.lineitem import LineitemSchema


def lineitem_linker(uris: Uris) -> Linker:
    """A line item leads to its product."""
    product_at = uris.maker("product")

    def link(lineitem: Any) -> Links:
        product = Link(product_at((lineitem.product,)), title="The product")
        return {relations.RELATED: [product]}

    return link


LINEITEM = Kind(
    MODEL,
    LineitemSchema,
    parent=ORDER,
    linker=lineitem_linker,
    is_part=True,
    called="line item",
)
