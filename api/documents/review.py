"""Reviews: what a review's document says beyond its members."""

from typing import Any

from api.documents.book import BOOK
from api.documents.kind import Kind
from api.hypermedia import relations
from api.hypermedia.document import Link, Links
from api.models.review import REVIEW as MODEL
from api.uris import Uris
from schemas.review import ReviewSchema


def review_links(review: Any, uris: Uris) -> Links:
    """A review leads to the other reviews of its book."""
    href = uris.href("reviews", review.book)
    return {relations.RELATED: [Link(href, title="All reviews of the book")]}


REVIEW = Kind(
    MODEL,
    ReviewSchema,
    parent=BOOK,
    is_public=True,
    links=review_links,
)
