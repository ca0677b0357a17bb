"""Customers: the table, and what makes an e-mail address unique."""

import sqlalchemy as sa

from api.models.base import Known, Model, Values, numbered_table

CUSTOMERS = numbered_table(
    "customers",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("phone", sa.Text),
    sa.Column("street", sa.Text),
    sa.Column("city", sa.Text),
    sa.Column("postal_code", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("email_folded", sa.Text, nullable=False, unique=True),
)
for _column in ("name", "city", "country", "created", "updated"):
    sa.Index(None, CUSTOMERS.c[_column], CUSTOMERS.c.id)


def derive(values: Values, _known: Known) -> Values:
    """The values with the address in one case, of which there can be one only."""
    return {**values, "email_folded": values["email"].casefold()}


CUSTOMER = Model(
    "customer", CUSTOMERS, sort_columns={"email": "email_folded"}, derive=derive
)
