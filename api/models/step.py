"""The steps of an order: a table for each, and what a payment must fulfil."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from api.errors import InvalidBody
from api.models.base import Known, Model, Money, Values, single_table
from api.models.order import ORDER, ORDERS
from api.models.order_life import Step


def _step(step: Step, table: str, *columns: sa.Column[Any], **rules: Any) -> Model:
    order: sa.Column[int] = sa.Column(
        "order", sa.ForeignKey(ORDERS.c.id, ondelete="CASCADE"), primary_key=True
    )
    by = sa.Column("by", sa.Text)
    return Model(
        step.value,
        single_table(table, order, *columns, by),
        key="order",
        parent=ORDER,
        owner="order",
        is_single=True,
        **rules,
    )


def pay_all(values: Values, known: Known) -> Values:
    """The values; what is paid is the order's total, unless another amount is named."""
    return {**values, "amount": values["amount"] or known.parent.total}


def require_total(values: Values, known: Known) -> None:
    """What is paid must be the order's total.

    Raises:
        InvalidBody: it is not.
    """
    if values["amount"] != known.parent.total:
        detail = f"The amount must be the order's total, {known.parent.total}."
        raise InvalidBody.at("/amount", "total", detail)


STEPS: Mapping[Step, Model] = {
    Step.PLACEMENT: _step(Step.PLACEMENT, "placements"),
    Step.PAYMENT: _step(
        Step.PAYMENT,
        "payments",
        sa.Column("method", sa.Text),
        sa.Column("amount", Money, nullable=False),
        derive=pay_all,
        rule=require_total,
    ),
    Step.SHIPMENT: _step(
        Step.SHIPMENT,
        "shipments",
        sa.Column("carrier", sa.Text),
        sa.Column("tracking", sa.Text),
    ),
    Step.DELIVERY: _step(Step.DELIVERY, "deliveries"),
    Step.CANCELLATION: _step(
        Step.CANCELLATION, "cancellations", sa.Column("reason", sa.Text)
    ),
}
"""How each step is kept."""
