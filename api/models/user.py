"""Users: the table, and for whom a user stands."""

import sqlalchemy as sa

from api.models.base import Model, numbered_table
from api.models.customer import CUSTOMER, CUSTOMERS

USERS = numbered_table(
    "users",
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("customer", sa.ForeignKey(CUSTOMERS.c.id)),
)
for _column in ("email", "role", "customer", "created", "updated"):
    sa.Index(None, USERS.c[_column], USERS.c.id)

USER = Model("user", USERS, references={"customer": CUSTOMER})
