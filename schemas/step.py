"""The steps of an order: what a client may send and gets back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from schemas.base import NounSchema, Text, optional_text
from schemas.formatted import Money


class StepSchema(NounSchema):
    """What all steps tell: who took them, and when; they are never changed."""

    class Meta(NounSchema.Meta):
        """What is never changed has one date."""

        exclude = ("updated",)

    example: ClassVar[Mapping[str, Any]] = {"by": "ada"}
    by = Text(dump_only=True)


class PlacementSchema(StepSchema):
    """The customer orders what the draft holds."""


class PaymentSchema(StepSchema):
    """The order's total is paid."""

    example: ClassVar[Mapping[str, Any]] = {"method": "card", "amount": "49.80"}

    method = optional_text(100)
    amount = Money(allow_none=True, load_default=None)


class ShipmentSchema(StepSchema):
    """What was ordered is on its way."""

    example: ClassVar[Mapping[str, Any]] = {
        "carrier": "Royal Mail",
        "tracking": "AB123456785GB",
    }

    carrier = optional_text(100)
    tracking = optional_text(200)


class DeliverySchema(StepSchema):
    """What was ordered has arrived."""


class CancellationSchema(StepSchema):
    """The order is called off, and its stock is given back."""

    example: ClassVar[Mapping[str, Any]] = {"reason": "Ordered twice."}

    reason = optional_text(2000)
