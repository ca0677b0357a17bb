"""Orders: the table, and what a new order is; their life is told in `order_life.py`."""

import sqlalchemy as sa

from api.models.base import Json, Known, Model, Money, Values, numbered_table
from api.models.configuration import CONFIGURATION
from api.models.customer import CUSTOMER, CUSTOMERS
from api.models.order_life import Status, require_draft

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
