"""Reviews: what a client may send and gets back."""

from schemas.base import NounSchema, Whole, between, optional_text


class ReviewSchema(NounSchema):
    """What a reader says of a book."""

    id = Whole(dump_only=True)
    rating = Whole(required=True, validate=between(1, 5))
    comment = optional_text(5000)
    reviewer = optional_text(200)
