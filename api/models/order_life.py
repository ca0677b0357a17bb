"""The rules of an order's life, which need no database.

draft -(placement)-> placed -(payment)-> paid -(shipment)-> shipped -(delivery)->
delivered; placed or paid -(cancellation)-> cancelled.
"""

from collections.abc import Mapping
from enum import StrEnum

from api.errors import InvalidBody, NotAllowedInStatus
from api.models.base import LARGEST_AMOUNT, Row, amount_of, cents_of

LARGEST_ORDER = 200
"""How many line items an order may have, so that all of them can stand inside it."""


class Status(StrEnum):
    """How far an order has come."""

    DRAFT = "draft"
    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What can happen to an order, once each."""

    PLACEMENT = "placement"
    PAYMENT = "payment"
    SHIPMENT = "shipment"
    DELIVERY = "delivery"
    CANCELLATION = "cancellation"


_BEFORE: Mapping[Step, frozenset[Status]] = {
    Step.PLACEMENT: frozenset({Status.DRAFT}),
    Step.PAYMENT: frozenset({Status.PLACED}),
    Step.SHIPMENT: frozenset({Status.PAID}),
    Step.DELIVERY: frozenset({Status.SHIPPED}),
    Step.CANCELLATION: frozenset({Status.PLACED, Status.PAID}),
}
STATUS_AFTER: Mapping[Step, Status] = {
    Step.PLACEMENT: Status.PLACED,
    Step.PAYMENT: Status.PAID,
    Step.SHIPMENT: Status.SHIPPED,
    Step.DELIVERY: Status.DELIVERED,
    Step.CANCELLATION: Status.CANCELLED,
}


def allowed_steps(order: Row) -> tuple[Step, ...]:
    """The steps that may happen to the order next; an empty one can't be placed."""
    return tuple(
        step
        for step, before in _BEFORE.items()
        if order.status in before and (step is not Step.PLACEMENT or order.lines)
    )


def require_allowed(order: Row, step: Step) -> None:
    """Make sure that the step may happen to the order now.

    Raises:
        NotAllowedInStatus: it may not.
    """
    allowed = allowed_steps(order)
    if step not in allowed:
        following = " or ".join(allowed)
        what = f"what may come next is {following}" if following else "that is its end"
        is_empty = step is Step.PLACEMENT and order.status == Status.DRAFT
        raise refusal(
            order,
            "An order without line items can't be placed."
            if is_empty
            else f"The order is {order.status}; {what}.",
        )


def require_draft(order: Row) -> None:
    """Make sure that the order can still be filled, emptied and thrown away.

    Raises:
        NotAllowedInStatus: it was placed.
    """
    if order.status != Status.DRAFT:
        raise refusal(order, f"The order is {order.status}, no longer a draft.")


def require_room(order: Row, cents: int) -> None:
    """Make sure that so many more hundredths have room in the order's total.

    Raises:
        InvalidBody: it would be larger than any amount.
    """
    total = cents_of(order.total) + cents
    if total > cents_of(LARGEST_AMOUNT):
        detail = f"The total would be {amount_of(total)}, over {LARGEST_AMOUNT}."
        raise InvalidBody.at("/quantity", "range", detail)


def refusal(order: Row, detail: str) -> NotAllowedInStatus:
    """The error that tells the order's status and what is allowed instead."""
    return NotAllowedInStatus(
        detail, order=order.id, status=order.status, allowed=allowed_steps(order)
    )
