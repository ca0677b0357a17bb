"""Tokens, and the customer for whom a user may stand."""

import sqlalchemy as sa
from alembic import op

from api.storage.migrations.parts import (
    create_index,
    is_postgresql,
    remember_serials,
    serial_column,
)

revision = "0004"
down_revision = "0003"

# SQLite has milliseconds; times are kept with microseconds.
_NOW = "strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'"


def upgrade() -> None:
    op.create_table(
        "tokens",
        serial_column("tokens", "id"),
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
    remember_serials({"tokens": "id"})
    whole = "BIGINT" if is_postgresql() else "INTEGER"
    # Alembic would leave out the constraint's name.
    op.execute(
        f"ALTER TABLE users ADD COLUMN customer {whole}"
        " CONSTRAINT fk_users_customer REFERENCES customers (id)"
    )
    create_index("ix_users_customer_id", "users", ["customer", "id"])
    if is_postgresql():
        _create_functions_of_triggers()
        return
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


def _create_functions_of_triggers() -> None:
    """The same two triggers, for each of which PostgreSQL wants a function."""
    moment = (
        "to_char(clock_timestamp() AT TIME ZONE 'UTC',"
        """ 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    )
    for name, event, body in (
        (
            "users_delete_tokens",
            "DELETE ON users FOR EACH ROW",
            (
                f'UPDATE tokens SET revoked = {moment} WHERE "user" = old.name'
                " AND revoked IS NULL"
            ),
        ),
        (
            "users_rename_tokens",
            "UPDATE OF name ON users FOR EACH ROW WHEN (old.name <> new.name)",
            'UPDATE tokens SET "user" = new.name WHERE "user" = old.name',
        ),
    ):
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN {body}; RETURN NULL; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} AFTER {event} EXECUTE FUNCTION {name}()")
