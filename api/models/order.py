"""Orders: the table, and the rules of an order's life, which need no database.

draft -(placement)-> placed -(payment)-> paid -(shipment)-> shipped -(delivery)->
delivered; placed or paid -(cancellation)-> cancelled.
"""

from collections.abc import Mapping
from enum import StrEnum

import sqlalchemy as sa

from api.errors import NotAllowedInStatus
from api.models.base import Json, Known, Model, Money, Row, Values, numbered_table
from api.models.configuration import CONFIGURATION
from api.models.customer import CUSTOMER, CUSTOMERS


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

ORDERS = numbered_table(
    "orders",
    sa.Column("customer", sa.ForeignKey(CUSTOMERS.c.id), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("total", Money, nullable=False),
    sa.Column("note", sa.Text),
    # How many line items it has, and which steps have happened to it.
    sa.Column("lines", sa.Integer, nullable=False),
    sa.Column("taken", Json, nullable=False),
)
sa.Index(None, ORDERS.c.customer, ORDERS.c.id)
for _column in ("status", "total", "created", "updated"):
    sa.Index(None, ORDERS.c[_column], ORDERS.c.id)
    sa.Index(None, ORDERS.c.customer, ORDERS.c[_column], ORDERS.c.id)


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


def refusal(order: Row, detail: str) -> NotAllowedInStatus:
    """The error that tells the order's status and what is allowed instead."""
    return NotAllowedInStatus(
        detail, order=order.id, status=order.status, allowed=allowed_steps(order)
    )


def derive(values: Values, known: Known) -> Values:
    """The values; a new order is an empty draft in the shop's currency."""
    if known.present is not None:
        return values
    return {
        **values,
        "status": Status.DRAFT,
        "currency": known.named["configuration"].currency,
        "total": "0.00",
        "lines": 0,
        "taken": [],
    }


def gate(method: str, known: Known) -> None:
    """Only a draft can be removed.

    Raises:
        NotAllowedInStatus: it is none any more.
    """
    if method == "DELETE":
        require_draft(known.present)


ORDER = Model(
    "order",
    ORDERS,
    parent=CUSTOMER,
    owner="customer",
    stands_alone=True,
    references={"customer": CUSTOMER},
    consults={"configuration": CONFIGURATION},
    gate=gate,
    derive=derive,
)
