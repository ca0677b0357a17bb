"""Items of the key-value store: the table."""

import sqlalchemy as sa

from api.models.base import Json, Model, keyed_table

ITEMS = keyed_table(
    "items",
    "key",
    sa.Column("value", Json, nullable=False),
)
for _column in ("created", "updated"):
    sa.Index(None, ITEMS.c[_column], ITEMS.c.serial)

ITEM = Model("item", ITEMS, key="key")
