"""Orders: what a client may send and gets back."""

from api.models.order import Status
from schemas.base import Choice, Currency, Money, NounSchema, Text, Whole, length


class OrderSchema(NounSchema):
    """What a customer buys; its line items stand inside it."""

    id = Whole(dump_only=True)
    status = Choice(*Status, dump_only=True)
    currency = Currency(dump_only=True)
    total = Money(dump_only=True)
    note = Text(allow_none=True, load_default=None, validate=length(at_most=2000))
