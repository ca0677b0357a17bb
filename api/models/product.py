"""Products: the table."""

import sqlalchemy as sa

from api.models.base import FullText, Model, Money, numbered_table
from api.models.book import BOOK, BOOKS

PRODUCTS = numbered_table(
    "products",
    sa.Column("sku", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("price", Money, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("stock", sa.Integer, nullable=False),
    sa.Column("book", sa.ForeignKey(BOOKS.c.id)),
)
for _column in ("name", "price", "stock", "book", "created", "updated"):
    sa.Index(None, PRODUCTS.c[_column], PRODUCTS.c.id)

PRODUCT = Model(
    "product",
    PRODUCTS,
    references={"book": BOOK},
    fulltext=FullText("products_fulltext", ("name", "sku", "description")),
)
