"""The steps of an order, and the stock that they take and give back.

Each function runs inside of one write, so a step happens whole or not at all.
"""

from typing import Any

import sqlalchemy as sa

from api.errors import Place, Shortage, StepHappened, StockShort
from api.hypermedia.document import is_same
from api.models.base import Known, Values
from api.models.lineitem import LINEITEMS
from api.models.order import ORDER
from api.models.order_life import STATUS_AFTER, Step, require_allowed
from api.models.product import PRODUCT
from api.models.step import STEPS
from api.storage import rows
from api.storage.prepared import Prepared

_WANTED = Prepared(
    sa.select(
        LINEITEMS.c.product,
        sa.cast(sa.func.sum(LINEITEMS.c.quantity), sa.Integer).label("quantity"),
    )
    .where(LINEITEMS.c.order == sa.bindparam("order"))
    .group_by(LINEITEMS.c.product)
    .order_by(LINEITEMS.c.product)
)


def take_step(
    connection: sa.Connection, order: Any, step: Step, values: Values, by: str | None
) -> Any:
    """The step after it happened to the order, with the values.

    Raises:
        NotAllowedInStatus: the order's status does not allow the step.
        InvalidBody: a payment is not of the order's total.
        StockShort: a placement wants more than is left; nothing was taken.
        VersionMismatch: the order changed since it was read.
    """
    require_allowed(order, step)
    row = rows.insert(connection, STEPS[step], {**values, "by": by}, order.id)
    if step is Step.PLACEMENT:
        _take_stock(connection, order)
    if step is Step.CANCELLATION:
        _give_back_stock(connection, order)
    changes = {"status": STATUS_AFTER[step], "taken": [*order.taken, step]}
    rows.replace(connection, ORDER, order, changes)
    return row


def require_same_step(order: Any, step: Step, present: Any, values: Values) -> None:
    """Make sure that a step that has happened is the one that is asked for.

    Raises:
        StepHappened: it happened with other particulars.
    """
    wanted = STEPS[step].derive(values, Known(present, order))
    if not is_same(wanted, {name: getattr(present, name) for name in wanted}):
        raise StepHappened(
            f"The {step} has happened already, and otherwise.",
            present=Place(step, (order.id,)),
        )


def _take_stock(connection: sa.Connection, order: Any) -> None:
    """Take all that the order wants out of stock, or nothing."""
    wanted = _wanted(connection, order)
    short = [
        Shortage(product.id, product.sku, quantity, product.stock)
        for product, quantity in wanted
        if product.stock < quantity
    ]
    if short:
        raise StockShort(short, order=order.id)
    for product, quantity in wanted:
        stock = {"stock": product.stock - quantity}
        rows.replace(connection, PRODUCT, product, stock)


def _give_back_stock(connection: sa.Connection, order: Any) -> None:
    for product, quantity in _wanted(connection, order):
        stock = {"stock": product.stock + quantity}
        rows.replace(connection, PRODUCT, product, stock)


def _wanted(connection: sa.Connection, order: Any) -> list[tuple[Any, int]]:
    """Each product of the order, and how many of it."""
    return [
        (rows.find(connection, PRODUCT, (each.product,)), each.quantity)
        for each in _WANTED.all(connection, {"order": order.id})
    ]
