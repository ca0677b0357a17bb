"""What is sold, to whom, and who works here."""

import sqlalchemy as sa
from alembic import op

from api.storage.migrations.parts import (
    create_fulltext,
    create_indexes,
    remember_serials,
    serial_column,
    stamps,
)

revision = "0002"
down_revision = "0001"

_STRICT = {"sqlite_strict": True, "sqlite_autoincrement": True}


def upgrade() -> None:
    op.create_table(
        "products",
        serial_column("products", "id"),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("price", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("stock", sa.Integer, nullable=False),
        sa.Column(
            "book", sa.Integer, sa.ForeignKey("books.id", name="fk_products_book")
        ),
        *stamps(),
        sa.UniqueConstraint("sku", name="uq_products_sku"),
        **_STRICT,
    )
    create_indexes(
        "products", ("name", "price", "stock", "book", "created", "updated"), "id"
    )
    create_fulltext("products", "id", ("name", "sku", "description"))
    op.create_table(
        "customers",
        serial_column("customers", "id"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("street", sa.Text),
        sa.Column("city", sa.Text),
        sa.Column("postal_code", sa.Text),
        sa.Column("country", sa.Text),
        sa.Column("email_folded", sa.Text, nullable=False),
        *stamps(),
        sa.UniqueConstraint("email_folded", name="uq_customers_email_folded"),
        **_STRICT,
    )
    create_indexes("customers", ("name", "city", "country", "created", "updated"), "id")
    op.create_table(
        "users",
        serial_column("users", "id"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        *stamps(),
        sa.UniqueConstraint("name", name="uq_users_name"),
        **_STRICT,
    )
    create_indexes("users", ("email", "role", "created", "updated"), "id")
    remember_serials({"products": "id", "customers": "id", "users": "id"})
