"""Customers: what a client may send and gets back."""

from schemas.base import NounSchema, Text, Whole, length
from schemas.formatted import Country, Email


def _optional(at_most: int) -> Text:
    return Text(allow_none=True, load_default=None, validate=length(at_most=at_most))


class CustomerSchema(NounSchema):
    """Who buys, and where it is sent."""

    id = Whole(dump_only=True)
    name = Text(required=True, validate=length(at_least=1, at_most=200))
    email = Email(required=True)
    phone = _optional(50)
    street = _optional(200)
    city = _optional(200)
    postal_code = _optional(20)
    country = Country(allow_none=True, load_default=None)
