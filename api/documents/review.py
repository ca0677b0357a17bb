"""Reviews: what a review's document says beyond its members."""

from typing import Any

from api.documents.book import BOOK
from api.documents.kind import Kind, Linker
from api.hypermedia import relations
from api.hypermedia.document import Link, Links
from api.models.review import REVIEW as MODEL
from api.roles import Role
from api.uris import Uris
from schemas.review import ReviewSchema


def review_linker(uris: Uris) -> Linker:
    """A review leads to the other reviews of its book."""
    reviews_of = uris.maker("reviews")

    def link(review: Any) -> Links:
        others = Link(reviews_of((review.book,)), title="All reviews of the book")
        return {relations.RELATED: [others]}

    return link


REVIEW = Kind(
    MODEL,
    ReviewSchema,
    parent=BOOK,
    read_by=Role.VISITOR,
    linker=review_linker,
)
