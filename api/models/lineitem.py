"""Line items: the table, frozen prices, exact totals, and the order kept right."""

import sqlalchemy as sa

from api.errors import CurrencyMismatch, Fault, InvalidBody, TooManyLines
from api.models.base import (
    LARGEST_AMOUNT,
    Known,
    Model,
    Money,
    Values,
    amount_of,
    cents_of,
    inner_table,
)
from api.models.order import ORDER, ORDERS, require_draft
from api.models.product import PRODUCT, PRODUCTS

LARGEST_ORDER = 200
"""How many line items an order may have, so that all of them can stand inside it."""

LINEITEMS = inner_table(
    "lineitems",
    sa.Column("order", sa.ForeignKey(ORDERS.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("product", sa.ForeignKey(PRODUCTS.c.id), nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("unit_price", Money, nullable=False),
    sa.Column("total", Money, nullable=False),
)
sa.Index(None, LINEITEMS.c.product)
for _column in ("quantity", "total", "created", "updated"):
    sa.Index(None, LINEITEMS.c.order, LINEITEMS.c[_column], LINEITEMS.c.serial)


def derive(values: Values, known: Known) -> Values:
    """The values with the price as it was when the product was added, and the total."""
    present, product = known.present, known.named["product"]
    is_kept = present is not None and present.product == product.id
    unit_price = present.unit_price if is_kept else product.price
    total = amount_of(cents_of(unit_price) * values["quantity"])
    return {**values, "unit_price": unit_price, "total": total}


def gate(_method: str, known: Known) -> None:
    """Line items change only in a draft.

    Raises:
        NotAllowedInStatus: the order is none any more.
    """
    require_draft(known.parent)


def rule(values: Values, known: Known) -> None:
    """Line items are all in the order's currency, and not too many or too dear.

    Raises:
        CurrencyMismatch: the product is sold in another currency.
        TooManyLines: the order is full.
        InvalidBody: the order's total would be larger than any amount.
    """
    order, present = known.parent, known.present
    product = known.named["product"]
    # What was added stays, even if the product has another currency by now.
    is_kept = present is not None and present.product == product.id
    if not is_kept and product.currency != order.currency:
        raise CurrencyMismatch(
            f"The order is in {order.currency}, the product in {product.currency}.",
            faults=[Fault("Its currency differs.", "currency", pointer="/product")],
        )
    if present is None and order.lines >= LARGEST_ORDER:
        raise TooManyLines(f"An order has at most {LARGEST_ORDER} line items.")
    before = 0 if present is None else cents_of(present.total)
    total = cents_of(order.total) - before + cents_of(values["total"])
    if total > cents_of(LARGEST_AMOUNT):
        raise InvalidBody(
            f"The order's total would be {amount_of(total)}.",
            faults=[
                Fault(
                    f"An order's total is at most {LARGEST_AMOUNT}.",
                    "range",
                    pointer="/quantity",
                )
            ],
        )


_of_the_order = LINEITEMS.c.order == sa.bindparam("owner")

KEEP_TOTAL = (
    sa.update(ORDERS)
    .where(ORDERS.c.id == sa.bindparam("owner"))
    .values(
        total=sa.select(sa.func.coalesce(sa.func.sum(LINEITEMS.c.total), 0))
        .where(_of_the_order)
        .scalar_subquery(),
        lines=sa.select(sa.func.count()).where(_of_the_order).scalar_subquery(),
        version=sa.bindparam("version"),
        updated=sa.bindparam("now"),
    )
)

LINEITEM = Model(
    "lineitem",
    LINEITEMS,
    parent=ORDER,
    owner="order",
    references={"product": PRODUCT},
    gate=gate,
    derive=derive,
    rule=rule,
    ripple=KEEP_TOTAL,
)
