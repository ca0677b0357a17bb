"""Line items: the table, frozen prices, exact totals, and the order kept right."""

import sqlalchemy as sa

from api.errors import CurrencyMismatch, TooManyLines
from api.models.base import (
    Known,
    Model,
    Money,
    Values,
    amount_of,
    cents_of,
    inner_table,
)
from api.models.order import ORDER, ORDERS
from api.models.order_life import LARGEST_ORDER, require_draft, require_room
from api.models.product import PRODUCT, PRODUCTS

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
    product, present = known.named["product"], known.present
    unit_price = product.price if _is_new(known) else present.unit_price
    total = amount_of(cents_of(unit_price) * values["quantity"])
    return {**values, "unit_price": unit_price, "total": total}


def gate(method: str, known: Known) -> None:
    """Line items change only in a draft, and are added only while there is room.

    Raises:
        NotAllowedInStatus: the order is no draft any more.
        TooManyLines: it is full.
    """
    require_draft(known.parent)
    if method == "POST" and known.parent.lines >= LARGEST_ORDER:
        raise TooManyLines(f"An order has at most {LARGEST_ORDER} line items.")


def rule(values: Values, known: Known) -> None:
    """Line items are all in the order's currency, and not too dear together.

    Raises:
        CurrencyMismatch: the product is sold in another currency.
    """
    order, present, product = known.parent, known.present, known.named["product"]
    if _is_new(known) and product.currency != order.currency:
        detail = f"The order is in {order.currency}, the product in {product.currency}."
        raise CurrencyMismatch.at("/product", "currency", detail)
    before = 0 if present is None else cents_of(present.total)
    require_room(order, cents_of(values["total"]) - before)


def _is_new(known: Known) -> bool:
    """Whether the product is added now; one that was keeps its price and currency."""
    present = known.present
    return present is None or present.product != known.named["product"].id


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
