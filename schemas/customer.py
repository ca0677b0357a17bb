"""Customers: what a client may send and gets back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from schemas.base import NounSchema, Text, Whole, length, optional_text
from schemas.formatted import Country, Email


class CustomerSchema(NounSchema):
    """Who buys, and where it is sent."""

    example: ClassVar[Mapping[str, Any]] = {
        "name": "Ada Lovelace",
        "phone": "+44 20 7946 0000",
        "street": "12 St James's Square",
        "city": "London",
        "postal_code": "SW1Y 4JH",
        "country": "GB",
    }

    id = Whole(dump_only=True)
    name = Text(required=True, validate=length(at_least=1, at_most=200))
    email = Email(required=True)
    phone = optional_text(50)
    street = optional_text(200)
    city = optional_text(200)
    postal_code = optional_text(20)
    country = Country(allow_none=True, load_default=None)
