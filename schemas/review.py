"""Reviews: what a client may send and gets back."""

from schemas.base import NounSchema, Text, Whole, between, length


class ReviewSchema(NounSchema):
    """What a reader says of a book."""

    id = Whole(dump_only=True)
    rating = Whole(required=True, validate=between(1, 5))
    comment = Text(allow_none=True, load_default=None, validate=length(at_most=5000))
    reviewer = Text(allow_none=True, load_default=None, validate=length(at_most=200))
