"""Line items: what a client may send and gets back."""

from schemas.base import NounSchema, Whole, between
from schemas.formatted import Money


class LineitemSchema(NounSchema):
    """So many of a product, at the price that it had when it was added."""

    id = Whole(dump_only=True)
    product = Whole(required=True, validate=between(1))
    quantity = Whole(required=True, validate=between(1))
    unit_price = Money(dump_only=True)
    total = Money(dump_only=True)
