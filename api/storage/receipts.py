"""Receipts: what was answered to requests with an Idempotency-Key, for 24 hours."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from api.models.base import now, timestamp
from api.models.housekeeping import RECEIPTS

KEPT = timedelta(hours=24)
_SWEPT_AT_ONCE = 100

_FIND = sa.select(RECEIPTS).where(
    RECEIPTS.c.key == sa.bindparam("key"), RECEIPTS.c.created > sa.bindparam("oldest")
)
_SWEEP = sa.delete(RECEIPTS).where(
    RECEIPTS.c.key.in_(
        sa.select(RECEIPTS.c.key)
        .where(RECEIPTS.c.created <= sa.bindparam("oldest"))
        .order_by(RECEIPTS.c.created)
        .limit(_SWEPT_AT_ONCE)
    )
)
_new = insert(RECEIPTS)
_KEEP = _new.on_conflict_do_update(
    index_elements=[RECEIPTS.c.key],
    set_={each.name: each for each in _new.excluded if not each.primary_key},
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """An answer, and a fingerprint of the request that it answered."""

    fingerprint: str
    status: int
    headers: dict[str, str]
    body: bytes


def find_receipt(connection: sa.Connection, key: str) -> Receipt | None:
    """The receipt of a key, unless it is older than 24 hours."""
    row = connection.execute(_FIND, {"key": key, "oldest": _oldest()}).first()
    if row is None:
        return None
    headers = msgspec.json.decode(row.headers, type=dict[str, str])
    return Receipt(row.fingerprint, row.status, headers, row.body)


def keep_receipt(connection: sa.Connection, key: str, receipt: Receipt) -> None:
    """Keep the receipt, in the transaction of the write, and sweep some old ones."""
    connection.execute(_SWEEP, {"oldest": _oldest()})
    values = {
        "key": key,
        "fingerprint": receipt.fingerprint,
        "status": receipt.status,
        "headers": msgspec.json.encode(receipt.headers).decode(),
        "body": receipt.body,
        "created": now(),
    }
    connection.execute(_KEEP, values)


def _oldest() -> str:
    return timestamp(datetime.now(UTC) - KEPT)
