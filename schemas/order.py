"""Orders: what a client may send and gets back."""

from api.models.order import Status
from schemas.base import NounSchema, Text, Whole, length
from schemas.formatted import Choice, Currency, Money


class OrderSchema(NounSchema):
    """What a customer buys; its line items stand inside it."""

    id = Whole(dump_only=True)
    status = Choice(*Status, dump_only=True)
    currency = Currency(dump_only=True)
    total = Money(dump_only=True)
    note = Text(allow_none=True, load_default=None, validate=length(at_most=2000))
