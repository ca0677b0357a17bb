"""Tables that no client sees: counters, receipts of idempotent requests, loads."""

import sqlalchemy as sa

from api.models.base import METADATA, Timestamp

COUNTERS = sa.Table(
    "counters",
    METADATA,
    sa.Column("collection", sa.Text, primary_key=True),
    sa.Column("owner", sa.Integer, primary_key=True),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("updated", Timestamp, nullable=False),
    sa.Column("added", sa.Integer, nullable=False, server_default="0"),
    sqlite_strict=True,
)
"""How many members a collection has, how often it changed, how many were ever added.

`owner` is the parent's id, 0 where there is none. A member's version is the number of
the change that wrote it, so no version ever comes back, not even after a deletion.
"""

RECEIPTS = sa.Table(
    "receipts",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("created", Timestamp, nullable=False, index=True),
    sqlite_strict=True,
)
"""The answers to requests with an Idempotency-Key, by a hash of key and scope."""

LOADS = sa.Table(
    "loads",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("books", sa.Integer, nullable=False),
    sa.Column("created", Timestamp, nullable=False),
    sqlite_strict=True,
)
"""What was loaded: catalogues by the SHA-256 of their content, the sample by name."""
