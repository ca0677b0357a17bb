"""Users: the table."""

import sqlalchemy as sa

from api.models.base import Model, numbered_table

USERS = numbered_table(
    "users",
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
)
for _column in ("email", "role", "created", "updated"):
    sa.Index(None, USERS.c[_column], USERS.c.id)

USER = Model("user", USERS)
