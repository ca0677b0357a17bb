"""Line items: what a client may send and gets back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from schemas.base import NounSchema, Reference, Whole, between
from schemas.formatted import Money


class LineitemSchema(NounSchema):
    """So many of a product, at the price that it had when it was added."""

    example: ClassVar[Mapping[str, Any]] = {
        "quantity": 2,
        "unit_price": "24.90",
        "total": "49.80",
    }

    id = Whole(dump_only=True)
    product = Reference(required=True, validate=between(1))
    quantity = Whole(required=True, validate=between(1, 999_999_999_999))
    unit_price = Money(dump_only=True)
    total = Money(dump_only=True)
