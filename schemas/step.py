"""The steps of an order: what a client may send and gets back."""

from schemas.base import NounSchema, Text, length
from schemas.formatted import Money


def _optional(at_most: int) -> Text:
    return Text(allow_none=True, load_default=None, validate=length(at_most=at_most))


class StepSchema(NounSchema):
    """What all steps tell: who took them, and when; they are never changed."""

    class Meta(NounSchema.Meta):
        """What is never changed has one date."""

        exclude = ("updated",)

    by = Text(dump_only=True)


class PlacementSchema(StepSchema):
    """The customer orders what the draft holds."""


class PaymentSchema(StepSchema):
    """The order's total is paid."""

    method = _optional(100)
    amount = Money(allow_none=True, load_default=None)


class ShipmentSchema(StepSchema):
    """What was ordered is on its way."""

    carrier = _optional(100)
    tracking = _optional(200)


class DeliverySchema(StepSchema):
    """What was ordered has arrived."""


class CancellationSchema(StepSchema):
    """The order is called off, and its stock is given back."""

    reason = _optional(2000)
