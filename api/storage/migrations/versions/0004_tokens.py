"""Tokens, and the customer for whom a user may stand."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# SQLite has milliseconds; times are kept with microseconds.
_NOW = "strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'"


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("beginning", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("expires", sa.Text),
        sa.Column("revoked", sa.Text),
        sa.Column("used", sa.Text),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tokens_user", "tokens", ["user"])
    # Alembic would leave out the constraint's name.
    op.execute(
        "ALTER TABLE users ADD COLUMN customer INTEGER"
        " CONSTRAINT fk_users_customer REFERENCES customers (id)"
    )
    op.create_index("ix_users_customer_id", "users", ["customer", "id"])
    op.execute(
        "CREATE TRIGGER users_delete_tokens AFTER DELETE ON users BEGIN"
        f" UPDATE tokens SET revoked = {_NOW}"
        ' WHERE "user" = old.name AND revoked IS NULL; END'
    )
    op.execute(
        "CREATE TRIGGER users_rename_tokens AFTER UPDATE OF name ON users"
        " WHEN old.name <> new.name BEGIN"
        ' UPDATE tokens SET "user" = new.name WHERE "user" = old.name; END'
    )
