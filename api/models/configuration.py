"""Configurations, the shop's and each customer's: the tables and the defaults."""

import sqlalchemy as sa

from api.models.base import Model, Truth, single_table
from api.models.customer import CUSTOMER, CUSTOMERS

CONFIGURATION = Model(
    "configuration",
    single_table(
        "configurations",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("contact_email", sa.Text),
    ),
    is_single=True,
    defaults={
        "name": "Waymark",
        "currency": "EUR",
        "language": "en",
        "contact_email": None,
    },
)

CUSTOMER_CONFIGURATION = Model(
    "customer_configuration",
    single_table(
        "customer_configurations",
        sa.Column(
            "customer",
            sa.ForeignKey(CUSTOMERS.c.id, ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("language", sa.Text),
        sa.Column("currency", sa.Text),
        sa.Column("newsletter", Truth, nullable=False),
    ),
    key="customer",
    parent=CUSTOMER,
    owner="customer",
    is_single=True,
    # Without a language or currency of its own a customer has the shop's.
    defaults={"language": None, "currency": None, "newsletter": False},
)
