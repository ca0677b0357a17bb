"""Orders: what a client may send and gets back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from api.models.order_life import Status
from schemas.base import NounSchema, Whole, optional_text
from schemas.formatted import Choice, Currency, Money


class OrderSchema(NounSchema):
    """What a customer buys; its line items stand inside it."""

    example: ClassVar[Mapping[str, Any]] = {
        "currency": "EUR",
        "total": "49.80",
        "note": "It is a gift.",
    }

    fixed = NounSchema.fixed | {"currency"}

    id = Whole(dump_only=True)
    status = Choice(*Status, dump_only=True)
    currency = Currency(dump_only=True)
    total = Money(dump_only=True)
    note = optional_text(2000)
