"""A server that stops answering: what waits for it ends in time, and it comes back."""

import asyncio
import time
from contextlib import closing

import pytest
import sqlalchemy as sa

from api.errors import Unavailable
from api.models.item import ITEM
from api.storage import rows
from api.storage.limits import Limits
from api.storage.opening import claims_at, storage_at
from api.storage.query import Selection
from api.storage.reading import Reading
from api.storage.transactions import driver_of
from tests.postgresql import running_postgresql

SECONDS = 1
FEW = 6
_OPTIONS = "-c listen_addresses= -c max_connections=40 -c fsync=off"
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
_APPLICATION = "counted"
_OPEN = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"


@pytest.fixture(scope="module")
def server():
    with running_postgresql(_OPTIONS) as running:
        yield running


@pytest.fixture(scope="module")
def url(server):
    return server.migrated("own")


@pytest.fixture
def limits():
    return Limits(SECONDS, FEW)


@pytest.fixture
def storage(url, limits, server):
    server.empty("own")
    with closing(storage_at(url, limits=limits)) as made:
        yield made


@pytest.fixture
def claims(url, limits):
    with closing(claims_at(url, limits)) as made:
        yield made


def put(connection, key):
    return rows.insert(connection, ITEM, {"key": key, "value": 1}).key


def keys(connection):
    return sorted(connection.execute(sa.select(ITEM.table.c.key)).scalars())


async def outcome(awaitable):
    """The error it ends with, if any, and after how long."""
    begin = time.monotonic()
    try:
        await awaitable
    except Unavailable as ex:
        return ex, time.monotonic() - begin
    return None, time.monotonic() - begin


async def claim(claims, key):
    async with claims.hold(key):
        pass


def export(storage):
    return storage.stream(
        lambda: Reading(storage, ITEM, Selection()).take(
            lambda found: repr(found).encode()
        )
    )


def test_whatever_asks_a_frozen_server_ends_in_time_and_is_well_afterwards(
    server, storage, claims
):
    async def ask():
        return await asyncio.gather(
            *(outcome(storage.read(keys)) for _ in range(20)),
            *(outcome(storage.scan(keys)) for _ in range(5)),
            *(outcome(storage.write(put, f"k{n}")) for n in range(20)),
            *(outcome(claim(claims, f"c{n}")) for n in range(5)),
        )

    assert {error for error, _ in asyncio.run(ask())} == {None}
    server.empty("own")
    with server.frozen():
        told = asyncio.run(ask())
    assert all(error.headers["Retry-After"] for error, _ in told)
    # A new connection is waited for no less than two seconds.
    assert max(seconds for _, seconds in told) < 2 * SECONDS + 2
    assert {error for error, _ in asyncio.run(ask())} == {None}


def test_a_write_that_was_cut_off_before_its_commit_is_not_kept(server, storage):
    def freezing(connection):
        put(connection, "frozen")
        server.freeze()

    try:
        error, seconds = asyncio.run(outcome(storage.write(freezing)))
    finally:
        server.thaw()
    assert "nothing of this request was kept" in error.detail
    assert seconds < SECONDS + 2.5
    assert asyncio.run(storage.write(put, "after")) == "after"
    assert asyncio.run(storage.read(keys)) == ["after"]


def test_a_commit_that_waits_for_standbys_is_told_in_time_and_not_cancelled(
    server, storage
):
    with server.connect() as admin:
        server.set("synchronous_standby_names", "nobody")
        try:
            error, _ = asyncio.run(outcome(storage.write(put, "waits")))
            still_waiting = admin.execute(_WAITING).fetchone()[0]
        finally:
            server.set("synchronous_standby_names", "")
    assert "look whether it did" in error.detail
    assert still_waiting == 1
    assert "canceling wait" not in (server.folder / "log").read_text()
    assert asyncio.run(storage.write(put, "next")) == "next"
    assert asyncio.run(storage.read(keys)) == ["next", "waits"]


def test_a_commit_whose_wait_an_operator_cancels_is_undecided(server, url):
    cancel = (
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
        " WHERE wait_event = 'SyncRep'"
    )

    async def write(storage, admin):
        writing = asyncio.ensure_future(outcome(storage.write(put, "cancelled")))
        while not admin.execute(cancel).fetchall():
            await asyncio.sleep(0.01)
        return await writing

    with server.connect() as admin, closing(storage_at(url)) as storage:
        server.set("synchronous_standby_names", "nobody")
        try:
            error, _ = asyncio.run(write(storage, admin))
        finally:
            server.set("synchronous_standby_names", "")
    assert "look whether it did" in error.detail
    assert "canceling wait" in str(error.__cause__)


def test_a_process_opens_no_more_connections_than_it_may(server, url):
    counted = [0, 0]

    def count(opened, used):
        counted[0] += opened
        counted[1] += used

    def slowly(connection):
        connection.execute(sa.text("SELECT pg_sleep(0.02)"))

    async def ask(storage, claims):
        return await asyncio.gather(
            *(outcome(storage.read(slowly)) for _ in range(20)),
            *(outcome(storage.scan(slowly)) for _ in range(20)),
            *(outcome(export(storage)) for _ in range(20)),
            *(outcome(storage.write(put, f"n{n}")) for n in range(20)),
            *(outcome(claim(claims, f"c{n}")) for n in range(20)),
        )

    limits = Limits(10, FEW, count)
    url = f"{url}&application_name={_APPLICATION}"
    with (
        closing(storage_at(url, limits=limits)) as storage,
        closing(claims_at(url, limits)) as claims,
        server.connect() as admin,
    ):
        assert {error for error, _ in asyncio.run(ask(storage, claims))} == {None}
        assert counted == [FEW, 0]
        assert admin.execute(_OPEN, [_APPLICATION]).fetchone()[0] == FEW
    assert counted == [0, 0]


@pytest.mark.parametrize("number", [*range(5, 40)])
def test_all_connections_are_given_to_some_use(number):
    limits = Limits(connections=number)
    assert min(limits.reads, limits.searches) >= 1
    assert 2 + limits.reads + 2 * limits.searches == number


def test_statements_are_kept_only_while_others_find_a_connection(url):
    with closing(storage_at(url, limits=Limits(10, 18))) as storage:
        lent = [storage.lend() for _ in range(2)]
        assert storage.may_keep
        lent.append(storage.lend())
        assert not storage.may_keep
        for each in lent:
            storage.give_back(each)
        assert storage.may_keep
        assert driver_of(lent[0]).closed is False
