"""Receipts of answers, kept for 24 hours."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from api.models.housekeeping import RECEIPTS
from api.storage.receipts import Receipt, find_receipt, keep_receipt

RECEIPT = Receipt("print", 201, {"location": "/a", "etag": '"1-json"'}, b"\x00{}\xff")
HOURS_24 = timedelta(hours=24)


def age(connection, key, by):
    moment = (datetime.now(UTC) - by).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    statement = sa.update(RECEIPTS).where(RECEIPTS.c.key == key)
    connection.execute(statement.values(created=moment))


def stored(connection):
    return set(connection.execute(sa.select(RECEIPTS.c.key)).scalars())


def test_an_answer_is_kept_as_it_was(connection):
    keep_receipt(connection, "a", RECEIPT)
    assert find_receipt(connection, "a") == RECEIPT
    assert find_receipt(connection, "b") is None


@pytest.mark.parametrize(
    ("old", "found"),
    [
        pytest.param(HOURS_24 - timedelta(minutes=1), RECEIPT, id="just not"),
        pytest.param(HOURS_24 + timedelta(seconds=1), None, id="just"),
    ],
)
def test_a_receipt_expires_after_24_hours(connection, old, found):
    keep_receipt(connection, "a", RECEIPT)
    age(connection, "a", old)
    assert find_receipt(connection, "a") == found


def test_an_expired_receipt_gives_way_to_a_new_one(connection):
    keep_receipt(connection, "a", RECEIPT)
    age(connection, "a", HOURS_24 * 2)
    new = Receipt("other", 201, {}, b"")
    keep_receipt(connection, "a", new)
    assert find_receipt(connection, "a") == new


def test_keeping_one_sweeps_those_that_expired(connection):
    for key in ("old", "older", "young"):
        keep_receipt(connection, key, RECEIPT)
    age(connection, "old", HOURS_24 + timedelta(seconds=1))
    age(connection, "older", HOURS_24 * 9)
    keep_receipt(connection, "new", RECEIPT)
    assert stored(connection) == {"young", "new"}


def test_a_sweep_takes_a_bounded_number_the_oldest_first(connection):
    for number in range(150):
        keep_receipt(connection, f"{number}", RECEIPT)
    for number in range(150):
        age(connection, f"{number}", HOURS_24 + timedelta(minutes=number + 1))
    keep_receipt(connection, "new", RECEIPT)
    assert stored(connection) == {"new", *(f"{number}" for number in range(50))}
