"""Products: what a client may send and gets back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from schemas.base import (
    NounSchema,
    Reference,
    Text,
    Whole,
    between,
    length,
    optional_text,
)
from schemas.formatted import Currency, Money


class ProductSchema(NounSchema):
    """What can be sold, with a price and a stock."""

    example: ClassVar[Mapping[str, Any]] = {
        "sku": "MOBY-HC",
        "name": "Moby-Dick, hardcover",
        "description": "Bound in cloth.",
        "price": "24.90",
        "currency": "EUR",
        "stock": 12,
    }

    id = Whole(dump_only=True)
    sku = Text(required=True, validate=length(at_least=1, at_most=64))
    name = Text(required=True, validate=length(at_least=1, at_most=500))
    description = optional_text(20_000)
    price = Money(required=True)
    currency = Currency(required=True)
    stock = Whole(load_default=0, validate=between(0))
    book = Reference(allow_none=True, load_default=None, validate=between(1))
