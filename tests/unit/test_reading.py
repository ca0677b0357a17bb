"""Long readings: parts of bounded size, and what is held between them."""

import asyncio

import pytest
import sqlalchemy as sa

from api.storage import rows
from api.storage.engine import driver_of
from api.storage.opening import storage_at
from api.storage.prepared import Prepared
from api.storage.query import Selection
from api.storage.reading import PART_OCTETS, Reading
from tests.unit.builders import BOOK_KIND, book_values, by, where

BOOK = BOOK_KIND.model
ALL = Selection()
FILTERED = where("title", "ne", "Persuasion")


@pytest.fixture
def storage(url):
    opened = storage_at(url)
    add(opened, 70)
    yield opened
    opened.close()


def add(storage, number, title="Emma"):
    """Write so many books; they get the next ids."""

    def insert(connection):
        for _ in range(number):
            rows.insert(connection, BOOK, book_values(title=title))

    asyncio.run(storage.write(insert))


def remove(storage, *keys):
    def delete(connection):
        for key in keys:
            rows.remove(connection, BOOK, rows.find(connection, BOOK, (key,)), [])

    asyncio.run(storage.write(delete))


class Reader:
    """Takes parts of a reading, and notes the ids; each batch of rows fills a part."""

    def __init__(self, storage, selection):
        self.reading = Reading(storage, BOOK, selection)
        self.ids = []

    def write(self, found):
        self.ids += [row.id for row in found]
        return b"x" * PART_OCTETS

    def take(self):
        return self.reading.take(self.write)

    def take_rest(self):
        while not self.reading.has_ended:
            self.take()
        return self.ids


@pytest.mark.parametrize("selection", [ALL, FILTERED, by("title", "-id"), by("-title")])
def test_the_parts_together_are_everything(storage, selection):
    reader = Reader(storage, selection)
    first = reader.take()
    assert (len(first), len(reader.ids)) == (PART_OCTETS, reader.reading.count)
    assert 0 < len(reader.ids) < 70
    assert sorted(reader.take_rest()) == list(range(1, 71))
    assert reader.reading.count == 70


def test_a_reading_of_nothing_ends_at_once(storage):
    reader = Reader(storage, where("title", "eq", "Persuasion"))
    assert reader.take() == b""
    assert reader.reading.has_ended


@pytest.mark.parametrize("selection", [ALL, by("title"), by("-created")])
def test_in_the_order_of_an_index_nothing_is_held_between_parts(storage, selection):
    lent = storage.lend()
    storage.give_back(lent)
    reader = Reader(storage, selection)
    reader.take()
    assert not reader.reading.is_kept
    assert storage.lend() is lent


@pytest.mark.parametrize("selection", [FILTERED, by("title", "-id")])
def test_what_was_searched_or_sorted_is_kept_for_the_next_part(storage, selection):
    reader = Reader(storage, selection)
    reader.take()
    assert reader.reading.is_kept
    assert 0 < reader.reading.seconds_left <= 2
    add(storage, 1)
    assert 71 not in reader.take_rest()
    assert not reader.reading.is_kept


@pytest.mark.parametrize("selection", [FILTERED, by("title", "id")])
def test_what_was_let_go_goes_on_behind_the_last_row(storage, selection):
    reader = Reader(storage, selection)
    while not reader.reading.has_ended:
        reader.take()
        reader.reading.detach()()
        assert not reader.reading.is_kept
    assert reader.ids == list(range(1, 71))


def test_what_stood_all_the_time_is_read_once(storage):
    reader = Reader(storage, by("-title"))
    reader.take()
    read, unread = reader.ids[-1], min(set(range(1, 71)) - set(reader.ids))
    remove(storage, read, unread)
    add(storage, 2, title="Zuleika Dobson")
    assert sorted(reader.take_rest()) == sorted(set(range(1, 71)) - {unread})


def test_a_failure_lets_go(storage):
    reading = Reading(storage, BOOK, FILTERED)
    with pytest.raises(ZeroDivisionError):
        reading.take(lambda found: 1 // len(found[:0]))
    assert not reading.is_kept


@pytest.mark.sqlite_only
def test_a_database_that_fails_between_rows_is_told_as_one_that_fails_before(
    connection,
):
    values = sa.text(
        "(SELECT '1' AS value UNION ALL SELECT '2' UNION ALL SELECT 'no JSON')"
    )
    parsed = sa.select(sa.func.json(sa.column("value"))).select_from(values)
    found = Prepared(parsed).some(connection, {}, 1)
    assert next(found) == [("1",)]
    with pytest.raises(sa.exc.OperationalError, match="malformed JSON"):
        next(found)


@pytest.mark.sqlite_only
def test_lent_connections_keep_little_in_memory(storage):
    lent = storage.lend()
    told = [
        driver_of(lent).execute(f"PRAGMA {name}").fetchone()
        for name in ("mmap_size", "cache_size", "temp_store")
    ]
    assert told == [(0,), (-1024,), (1,)]


def test_a_few_connections_are_kept_for_others(storage):
    lent = [storage.lend() for _ in range(6)]
    for each in lent:
        storage.give_back(each)
    assert [each.closed for each in lent] == [False] * 4 + [True] * 2
    assert storage.lend() is lent[3]
