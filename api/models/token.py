"""API tokens: the table, which no client sees."""

import sqlalchemy as sa

from api.models.base import METADATA, Timestamp

TOKENS = sa.Table(
    "tokens",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("beginning", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False, index=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("created", Timestamp, nullable=False),
    sa.Column("expires", Timestamp),
    sa.Column("revoked", Timestamp),
    sa.Column("used", sa.Text),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)
"""Each token by its SHA-256, never itself; `beginning` is what it is recognised by.

`user` is a name, of which there may be no row among the users: then the token is that
of a program. Triggers keep it right when a user is renamed, and revoke the tokens of a
user who is removed. `used` is the day of the last use, as `2026-01-31`: coarse, so that
hardly a request writes it.
"""
