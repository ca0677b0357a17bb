"""Orders with their line items and steps, and configurations."""

import sqlalchemy as sa
from alembic import op

from api.storage.migrations.parts import (
    create_index,
    create_indexes,
    remember_serials,
    serial_column,
    stamps,
)

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "counters", sa.Column("added", sa.Integer, nullable=False, server_default="0")
    )
    _create_single(
        "configurations",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("contact_email", sa.Text),
    )
    _create_single(
        "customer_configurations",
        _owner("customer_configurations", "customer", primary_key=True),
        sa.Column("language", sa.Text),
        sa.Column("currency", sa.Text),
        sa.Column("newsletter", sa.Integer, nullable=False),
    )
    op.create_table(
        "orders",
        serial_column("orders", "id"),
        sa.Column(
            "customer",
            sa.Integer,
            sa.ForeignKey("customers.id", name="fk_orders_customer"),
            nullable=False,
        ),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("taken", sa.Text, nullable=False),
        *stamps(),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    sorted_by = ("status", "total", "created", "updated")
    create_indexes("orders", ("customer", *sorted_by), "id")
    _create_inner_indexes("orders", "customer", sorted_by, "id")
    op.create_table(
        "lineitems",
        serial_column("lineitems", "serial"),
        _owner("lineitems", "order"),
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column(
            "product",
            sa.Integer,
            sa.ForeignKey("products.id", name="fk_lineitems_product"),
            nullable=False,
        ),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("unit_price", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        *stamps(),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lineitems_order_id", "lineitems", ["order", "id"], unique=True)
    op.create_index("ix_lineitems_product", "lineitems", ["product"])
    inside = ("quantity", "total", "created", "updated")
    _create_inner_indexes("lineitems", "order", inside, "serial")
    remember_serials({"orders": "id", "lineitems": "serial"})
    for name, columns in {
        "placements": (),
        "payments": (
            sa.Column("method", sa.Text),
            sa.Column("amount", sa.Integer, nullable=False),
        ),
        "shipments": (
            sa.Column("carrier", sa.Text),
            sa.Column("tracking", sa.Text),
        ),
        "deliveries": (),
        "cancellations": (sa.Column("reason", sa.Text),),
    }.items():
        owner = _owner(name, "order", primary_key=True)
        _create_single(name, owner, *columns, sa.Column("by", sa.Text))


def _owner(table: str, noun: str, *, primary_key: bool = False) -> sa.Column[int]:
    """The column that names whose a row is, with which it goes away."""
    name = f"fk_{table}_{noun}"
    target = sa.ForeignKey(f"{noun}s.id", name=name, ondelete="CASCADE")
    return sa.Column(noun, sa.Integer, target, primary_key=primary_key, nullable=False)


def _create_single(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(name, *columns, *stamps(), sqlite_strict=True)


def _create_inner_indexes(
    table: str, owner: str, columns: tuple[str, ...], serial: str
) -> None:
    for column in columns:
        name = f"ix_{table}_{owner}_{column}_{serial}"
        create_index(name, table, [owner, column, serial])
