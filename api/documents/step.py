"""The steps of an order: nothing beyond what every single noun has."""

from collections.abc import Callable, Mapping
from typing import Any

from api.documents.kind import Kind
from api.documents.order import ORDER
from api.models.order_life import Step
from api.models.step import STEPS as MODELS
from schemas.base import NounSchema
from schemas.step import (
    CancellationSchema,
    DeliverySchema,
    PaymentSchema,
    PlacementSchema,
    ShipmentSchema,
)

_SCHEMAS: Mapping[Step, type[NounSchema]] = {
    Step.PLACEMENT: PlacementSchema,
    Step.PAYMENT: PaymentSchema,
    Step.SHIPMENT: ShipmentSchema,
    Step.DELIVERY: DeliverySchema,
    Step.CANCELLATION: CancellationSchema,
}
_ONLY_VALUES: Mapping[Step, Callable[[Any], Mapping[str, str]]] = {
    Step.PAYMENT: lambda order: {"amount": order.total}
}
_ACTS: Mapping[Step, str] = {
    Step.PLACEMENT: "Place the order",
    Step.PAYMENT: "Pay the order",
    Step.SHIPMENT: "Ship the order",
    Step.DELIVERY: "Confirm the delivery",
    Step.CANCELLATION: "Cancel the order",
}
STEPS = tuple(
    Kind(
        MODELS[step],
        _SCHEMAS[step],
        parent=ORDER,
        is_offered=True,
        only_values=_ONLY_VALUES.get(step),
        act=_ACTS[step],
    )
    for step in Step
)
"""The steps in the order in which they happen."""
