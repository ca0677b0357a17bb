"""Making the sample shop, through the functions that the service itself uses.

It is made once: what editors changed or removed of it since stays as they left it.
"""

from collections.abc import Mapping
from dataclasses import asdict

import sqlalchemy as sa

from api import sample
from api.models.base import now
from api.models.book import BOOKS
from api.models.configuration import CONFIGURATION
from api.models.customer import CUSTOMER
from api.models.housekeeping import LOADS
from api.models.lineitem import LINEITEM
from api.models.order import ORDER
from api.models.order_life import Step
from api.models.product import PRODUCT
from api.storage import counters, rows, steps
from api.storage.loading import is_loaded

MADE = "sample-shop-1"
"""Stands among the loads, where the others are known by a digest of 64 digits."""

_BOOK = sa.select(BOOKS.c.id).where(BOOKS.c.gutenberg_id == sa.bindparam("number"))


def make_sample(connection: sa.Connection) -> bool:
    """Make the sample shop and give True; once it was made, do nothing and give False.

    A shop with products or customers of its own gets no sample. It belongs inside of
    one transaction.
    """
    of_its_own = [counters.count_of(connection, each) for each in (PRODUCT, CUSTOMER)]
    if is_loaded(connection, MADE) or any(count.total for count in of_its_own):
        return False
    shop = rows.find(connection, CONFIGURATION, ())
    products = {
        each.sku: _make_product(connection, each, shop.currency)
        for each in sample.PRODUCTS
    }
    customers = {
        each.email: rows.insert(connection, CUSTOMER, asdict(each)).id
        for each in sample.CUSTOMERS
    }
    for order in sample.ORDERS:
        _make_order(connection, order, customers[order.customer], products)
    made = {"digest": MADE, "books": 0, "created": now()}
    connection.execute(sa.insert(LOADS), made)
    return True


def _make_product(
    connection: sa.Connection, product: sample.SampleProduct, currency: str
) -> int:
    """The id of the product, which names its book if that stands here."""
    values = asdict(product)
    book = connection.scalar(_BOOK, {"number": values.pop("gutenberg_id")})
    values |= {"description": sample.DESCRIPTION, "currency": currency, "book": book}
    made: int = rows.insert(connection, PRODUCT, values).id
    return made


def _make_order(
    connection: sa.Connection,
    order: sample.SampleOrder,
    customer: int,
    products: Mapping[str, int],
) -> None:
    key = rows.insert(connection, ORDER, {"note": sample.NOTE}, customer).id
    for sku, quantity in order.lines:
        line = {"product": products[sku], "quantity": quantity}
        rows.insert(connection, LINEITEM, line, key)
    for step in order.steps:
        # Each line and each step wrote the order anew.
        present = rows.find(connection, ORDER, (key,))
        members = dict(step.members)
        steps.take_step(connection, present, Step(step.name), members, by=None)
