"""Reads from standbys: as new as the primary's, and nothing that may yet be undone."""

import asyncio
import threading
import time
from contextlib import closing, contextmanager, suppress

import pytest
import sqlalchemy as sa

from api.errors import Unavailable
from api.models.item import ITEM
from api.storage import rows
from api.storage.limits import Limits
from api.storage.moments import Primary
from api.storage.opening import engine_at, storage_at
from api.storage.query import Selection
from api.storage.reading import Reading
from api.storage.transactions import driver_of, is_settled
from tests.postgresql import running_postgresql, running_standby

SECONDS = 3
_OPTIONS = "-c listen_addresses= -c max_connections=60 -c fsync=off"


@contextmanager
def pair():
    """A primary with a database, and a standby of it."""
    with running_postgresql(_OPTIONS) as primary:
        primary.migrated("own")
        with running_standby(primary, "one", _OPTIONS) as standby:
            yield primary, standby


@pytest.fixture(scope="module")
def servers():
    with pair() as made:
        yield made


@pytest.fixture
def own_servers():
    """Two that the test may kill."""
    with pair() as made:
        yield made


@contextmanager
def storage_on(primary, standby, **options):
    limits = Limits(SECONDS)
    urls = primary.url("own"), standby.url("own")
    with closing(
        storage_at(urls[0], limits=limits, standby_url=urls[1], **options)
    ) as made:
        yield made


@pytest.fixture
def storage(servers):
    servers[0].empty("own")
    with storage_on(*servers) as made:
        yield made


def put(connection, key):
    return rows.insert(connection, ITEM, {"key": key, "value": 1}).key


def keys(connection):
    return sorted(connection.execute(sa.select(ITEM.table.c.key)).scalars())


def is_of_standby(connection):
    found: bool = connection.scalar(sa.text("SELECT pg_is_in_recovery()"))
    return found


def look(connection):
    return keys(connection), is_of_standby(connection)


def run(awaitable):
    return asyncio.run(awaitable)


def wait_until(is_so, seconds=10):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_reads_are_answered_by_the_standby_and_writes_by_the_primary(storage):
    wait_until(lambda: run(storage.read(is_of_standby)))
    assert run(storage.write(is_of_standby)) is False
    assert run(storage.scan(is_of_standby)) is True
    assert run(storage.read_settled(is_of_standby)) is False


def test_whatever_was_acknowledged_to_anybody_is_read_by_everybody(servers, storage):
    answered_by = []
    with storage_on(*servers) as other:
        for number in range(100):
            key = f"k{number:03}"
            writer, reader = (storage, other) if number % 2 else (other, storage)
            run(writer.write(put, key))
            found, is_standby = run(reader.read(look))
            answered_by.append(is_standby)
            assert found[-1] == key
    assert sum(answered_by) > 50


def test_a_standby_that_lags_is_passed_over(servers, storage):
    _, standby = servers
    with standby.connect("own") as admin:
        admin.execute("SELECT pg_wal_replay_pause()")
        try:
            run(storage.write(put, "new"))
            assert run(storage.read(look)) == (["new"], False)
            assert admin.execute("SELECT count(*) FROM items").fetchone() == (0,)
            assert is_lent_from_standby(storage) is False
        finally:
            admin.execute("SELECT pg_wal_replay_resume()")
    wait_until(lambda: run(storage.read(look)) == (["new"], True))
    assert is_lent_from_standby(storage) is True


def is_lent_from_standby(storage):
    connection = storage.lend()
    try:
        return is_of_standby(connection)
    finally:
        storage.give_back(connection)


def test_what_is_not_acknowledged_yet_is_not_read(servers, storage):
    """It could be undone: the next read, or a cache, would contradict this one."""
    primary, standby = servers
    run(storage.write(put, "old"))
    assert run(storage.read(keys)) == ["old"]
    primary.set("synchronous_standby_names", "nobody")
    waiting = threading.Thread(target=run, args=(storage.write(put, "waiting"),))
    waiting.start()
    try:
        with standby.connect("own") as other:
            shown = "SELECT count(*) FROM items"
            wait_until(lambda: other.execute(shown).fetchone() == (2,))
        assert run(storage.read(look)) == (["old"], False)
        assert is_lent_from_standby(storage) is False
    finally:
        primary.set("synchronous_standby_names", "")
        waiting.join()
    assert run(storage.read(keys)) == ["old", "waiting"]


def test_a_snapshot_within_a_read_is_the_reads_own(storage):
    run(storage.write(put, "a"))
    found = []

    def twice(connection):
        found.append(keys(connection))
        run(storage.write(put, "b"))
        return keys(connection)

    assert run(storage.read(twice)) == ["a"]
    assert found == [["a"]]


def test_streams_are_read_from_the_standby(storage):
    run(storage.write(put, "a"))
    lent = []

    class Watched:
        may_keep = True

        def lend(self):
            lent.append(storage.lend())
            return lent[-1]

        def give_back(self, connection):
            storage.give_back(connection)

    reading = Reading(Watched(), ITEM, Selection())
    text = run(storage.stream(lambda: reading.take(lambda found: repr(found).encode())))
    assert b"'a'" in text
    assert is_of_standby(lent[0])


def test_a_standby_of_a_primary_that_was_replaced_is_passed_over(own_servers):
    """It has as much, but not the same: the two have parted."""
    old, new = own_servers
    with running_standby(old, "two", _OPTIONS) as stray:
        new.promote()
        with storage_on(old, stray) as isolated:
            run(isolated.write(put, "lost"))
        with old.connect() as admin:
            # It has written more, by fewer transactions.
            log = "SELECT pg_logical_emit_message(false, 'a', repeat('x', 20000000))"
            end = admin.execute(log).fetchone()
        with stray.connect("own") as other:
            reached = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
            wait_until(lambda: other.execute(reached, end).fetchone() == (True,))
        with storage_on(new, stray) as storage:
            for number in range(5):
                run(storage.write(put, f"kept{number}"))
            found, is_standby = run(storage.read(look))
            assert ("lost" in found, is_standby) == (False, False)


def test_a_primary_that_was_replaced_is_not_believed(own_servers, caplog):
    new = own_servers[1]
    asking = [Primary(engine_at(each.url("own"))) for each in own_servers]
    with closing(asking[0]) as one, closing(asking[1]) as other:
        assert one.ask() is not None
        new.promote()
        one.note(other.ask())
        assert one.ask() is None
    assert "was replaced" in caplog.text


def test_a_primary_that_hung_and_was_replaced_is_not_read_when_it_goes_on(own_servers):
    old, new = own_servers
    urls = [
        f"{old.url('own')}&host={new.folder}&target_session_attrs={wanted}"
        for wanted in ("read-write", "prefer-standby")
    ]
    limits = Limits(12)
    with closing(storage_at(urls[0], limits=limits, standby_url=urls[1])) as storage:
        assert run(storage.read_settled(keys)) == []
        with old.frozen():
            new.promote()
            wait_until(lambda: is_written(storage, "kept"), 30)
            wait_until(lambda: is_readable(storage), 30)
        # It still takes itself for the primary, and a reader is connected to it.
        found = []
        with suppress(Unavailable):
            found.append(run(storage.read_settled(keys)))
        assert found in ([], [["kept"]])


def test_without_a_primary_reads_go_on_and_nothing_is_kept_in_caches(own_servers):
    primary, _ = own_servers
    with storage_on(*own_servers) as storage:
        run(storage.write(put, "a"))
        wait_until(lambda: run(storage.read(look)) == (["a"], True))
        assert run(storage.read(is_settled)) is True
        primary.kill()
        assert run(storage.read(look)) == (["a"], True)
        assert run(storage.read(is_settled)) is False
        assert is_lent_from_standby(storage) is True
        for refused in (storage.write(put, "b"), storage.read_settled(keys)):
            with pytest.raises(Unavailable):
                run(refused)
        primary.start()
        wait_until(lambda: is_written(storage, "b"))
        assert run(storage.read(keys)) == ["a", "b"]
        wait_until(lambda: run(storage.read(is_settled)))


def is_written(storage, key):
    with suppress(Unavailable):
        return bool(run(storage.write(put, key)))
    return False


def test_without_a_primary_no_standby_is_read_that_lacks_what_was_acknowledged(
    own_servers,
):
    primary, standby = own_servers
    with storage_on(*own_servers) as storage:
        assert run(storage.read(keys)) == []
        with standby.connect("own") as admin:
            admin.execute("SELECT pg_wal_replay_pause()")
            run(storage.write(put, "a"))
            primary.kill()
            with pytest.raises(Unavailable):
                run(storage.read(keys))
            admin.execute("SELECT pg_wal_replay_resume()")
        wait_until(lambda: is_readable(storage))
        assert run(storage.read(keys)) == ["a"]


def is_readable(storage):
    with suppress(Unavailable):
        return bool(run(storage.read(keys)))
    return False


def test_a_frozen_primary_stops_no_reads_and_a_frozen_standby_none(servers, storage):
    run(storage.write(put, "a"))
    for server, is_standby in zip(servers, (True, False), strict=True):
        wait_until(lambda: run(storage.read(look)) == (["a"], True))
        with server.frozen():
            begin = time.monotonic()
            assert run(storage.read(look)) == (["a"], is_standby)
            assert time.monotonic() - begin < SECONDS + 2
            begin = time.monotonic()
            assert run(storage.read(look)) == (["a"], is_standby)
            assert time.monotonic() - begin < 1
    wait_until(lambda: run(storage.read(look)) == (["a"], True))


def test_a_host_that_hangs_leaves_time_for_those_named_behind_it(servers):
    primary, standby = servers
    url = f"{standby.url('own')}&host={primary.folder}&target_session_attrs=read-write"
    limits = Limits(8)
    with (
        standby.frozen(),
        closing(storage_at(url, limits=limits, standby_url=url)) as storage,
    ):
        begin = time.monotonic()
        assert run(storage.read(is_of_standby)) is False
        assert time.monotonic() - begin < limits.seconds
        assert run(storage.write(is_of_standby)) is False


def test_a_failover_is_followed(own_servers):
    """Writers and readers have one URL each, and nobody tells them anything."""
    old, new = own_servers
    both = f"{old.url('own')}&host={new.folder}&target_session_attrs="
    with closing(
        storage_at(f"{both}read-write", standby_url=f"{both}prefer-standby")
    ) as storage:
        run(storage.write(put, "a"))
        wait_until(lambda: run(storage.read(look)) == (["a"], True))
        old.kill()
        new.promote()
        wait_until(lambda: is_written(storage, "b"))
        wait_until(lambda: run(storage.read(look)) == (["a", "b"], False))


def test_a_read_that_a_standby_breaks_off_is_answered_by_the_primary(storage):
    """As it does where its recovery needs what the read looks at (40001)."""

    def conflicting(connection):
        if is_of_standby(connection):
            text = "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$"
            connection.execute(sa.text(text))
        return keys(connection)

    assert run(storage.read(conflicting)) == []


def test_faults_of_ours_are_not_tried_elsewhere(storage):
    asked = []

    def wrong(connection):
        asked.append(is_of_standby(connection))
        connection.execute(sa.text("SELECT nothing"))

    with pytest.raises(sa.exc.ProgrammingError):
        run(storage.read(wrong))
    assert asked == [True]


def test_a_role_that_may_not_see_whom_a_standby_follows_reads_the_primary(
    servers, caplog
):
    primary, standby = servers
    with primary.connect("own") as admin:
        admin.execute("CREATE ROLE plain LOGIN")
        admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain")
    urls = [each.url("own").replace("waymark@", "plain@") for each in servers]
    with standby.connect("own") as other:
        seen = "SELECT count(*) FROM pg_roles WHERE rolname = 'plain'"
        wait_until(lambda: other.execute(seen).fetchone() == (1,))
    with closing(storage_at(urls[0], standby_url=urls[1])) as storage:
        assert [run(storage.read(is_of_standby)) for _ in range(3)] == [False] * 3
    assert caplog.text.count("pg_read_all_stats") == 1


def test_a_connection_of_a_reader_is_in_no_transaction_between_reads(servers, storage):
    def fail(_connection):
        raise ZeroDivisionError

    run(storage.read(keys))
    with pytest.raises(ZeroDivisionError):
        run(storage.read(fail))
    held = storage.lend()
    storage.give_back(held)
    assert driver_of(held).info.transaction_status == 0
    with servers[1].connect("own") as admin:
        idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'"
        assert admin.execute(idle).fetchone() == (0,)
