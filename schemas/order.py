"""Orders: what a client may send and gets back."""

from api.models.order import Status
from schemas.base import NounSchema, Whole, optional_text
from schemas.formatted import Choice, Currency, Money


class OrderSchema(NounSchema):
    """What a customer buys; its line items stand inside it."""

    fixed = NounSchema.fixed | {"currency"}

    id = Whole(dump_only=True)
    status = Choice(*Status, dump_only=True)
    currency = Currency(dump_only=True)
    total = Money(dump_only=True)
    note = optional_text(2000)
