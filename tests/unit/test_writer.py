"""One writer: a group is one transaction, and each of its functions stands alone."""

import asyncio
import sqlite3
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from api.errors import Unavailable
from api.models.item import ITEM
from api.storage import rows
from api.storage.engine import Snapshot, Storage, driver_of, sqlite_engine
from api.storage.opening import engine_at, exclusively, storage_at
from api.storage.writer import Writer
from tests.statements import trace


class Refusing:
    """A driver that refuses one statement, and does all else as the real one."""

    def __init__(self, driver, refused):
        self._driver, self._refused = driver, refused

    def execute(self, text):
        if text == self._refused:
            raise sqlite3.OperationalError("disk I/O error")
        return self._driver.execute(text)

    @property
    def in_transaction(self):
        return self._driver.in_transaction


class RefusingEngine:
    """An engine whose connections have such a driver."""

    def __init__(self, url, refused):
        self._engine, self._refused = sqlite_engine(url), refused
        self.url = self._engine.url

    @contextmanager
    def connect(self):
        with self._engine.connect() as connection:
            driver = Refusing(driver_of(connection), self._refused)
            yield RefusingConnection(connection, driver)


class RefusingConnection:
    def __init__(self, connection, driver):
        self.execute = connection.execute
        self.connection = SimpleNamespace(dbapi_connection=driver)


def put(connection, key, value=1):
    return rows.insert(connection, ITEM, {"key": key, "value": value}).key


def keys(connection):
    return list(connection.execute(sa.select(ITEM.table.c.key)).scalars())


class Gate:
    """A write that waits, so that others queue up behind it."""

    def __init__(self):
        self._open, self._seen = threading.Event(), []

    def wait(self, connection):
        self._open.wait(10)
        trace(driver_of(connection), lambda text, _: self._seen.append(text))

    async def let_through(self, storage, *functions):
        first = asyncio.ensure_future(storage.write(self.wait))
        await asyncio.sleep(0)
        jobs = [asyncio.ensure_future(storage.write(each)) for each in functions]
        await asyncio.sleep(0)
        self._open.set()
        await first
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
        return self._seen.count("COMMIT"), outcomes


@pytest.fixture
def storage(url):
    made = storage_at(url)
    yield made
    made.close()


def putting(key):
    return lambda connection: put(connection, key)


def failing(error):
    def fail(connection):
        put(connection, "half")
        raise error

    return fail


def test_what_a_write_gives_comes_back_once_it_is_stored(storage):
    assert asyncio.run(storage.write(put, "a", value=[1])) == "a"
    assert asyncio.run(storage.read(keys)) == ["a"]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(Unavailable("x"), id="one of ours"),
        pytest.param(ZeroDivisionError(), id="another"),
    ],
)
def test_a_function_that_fails_undoes_only_its_own_writes(storage, error):
    async def run():
        functions = (putting("a"), failing(error), putting("b"))
        outcomes = (await Gate().let_through(storage, *functions))[1]
        return outcomes, await storage.read(keys)

    outcomes, stored = asyncio.run(run())
    assert outcomes == ["a", error, "b"]
    assert stored == ["a", "b"]


def test_a_unique_value_taken_in_the_same_group_is_refused(storage):
    async def run():
        return (await Gate().let_through(storage, putting("a"), putting("a")))[1]

    first, second = asyncio.run(run())
    assert first == "a"
    assert "exists" in str(second)


def test_writes_that_wait_together_are_committed_together(storage):
    async def run():
        functions = [putting(f"k{number}") for number in range(50)]
        return await Gate().let_through(storage, *functions)

    number, outcomes = asyncio.run(run())
    assert outcomes == [f"k{number}" for number in range(50)]
    assert number <= 2


def test_a_group_has_an_end(storage):
    async def run():
        functions = [putting(f"k{number}") for number in range(300)]
        return await Gate().let_through(storage, *functions)

    number, outcomes = asyncio.run(run())
    assert len(outcomes) == 300
    assert 3 <= number <= 4


def test_closing_waits_for_the_writes_that_wait(storage):
    async def run():
        jobs = [asyncio.ensure_future(storage.write(put, f"k{n}")) for n in range(200)]
        await asyncio.sleep(0)
        storage.close()
        return await asyncio.gather(*jobs)

    assert len(asyncio.run(run())) == 200
    assert len(asyncio.run(storage.read(keys))) == 200


def test_after_closing_the_next_use_opens_anew(storage):
    asyncio.run(storage.write(put, "a"))
    asyncio.run(storage.scan(keys))
    storage.close()
    storage.close()
    asyncio.run(storage.write(put, "b"))
    assert asyncio.run(storage.scan(keys)) == ["a", "b"]


def test_a_client_that_goes_away_does_not_undo_its_write(storage):
    async def run():
        job = asyncio.ensure_future(storage.write(put, "a"))
        await asyncio.sleep(0)
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        await storage.write(put, "b")
        return await storage.read(keys)

    assert asyncio.run(run()) == ["a", "b"]


def test_a_loop_that_ended_does_not_stop_the_writer(storage):
    async def leave():
        job = asyncio.ensure_future(storage.write(put, "a"))
        await asyncio.sleep(0)
        return job.done()

    assert asyncio.run(leave()) is False
    assert asyncio.run(storage.write(put, "b")) == "b"
    assert asyncio.run(storage.read(keys)) == ["a", "b"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("refused", ["BEGIN IMMEDIATE", "RELEASE job", "COMMIT"])
def test_a_commit_that_is_refused_is_told_to_all_and_nothing_is_kept(url, refused):
    writer = Writer(RefusingEngine(url, refused))

    async def run():
        jobs = [writer.run(putting("a")), writer.run(putting("b"))]
        return await asyncio.gather(*jobs, return_exceptions=True)

    outcomes = asyncio.run(run())
    writer.close()
    assert [type(each) for each in outcomes] == [Unavailable] * 2
    assert outcomes[0].headers == {"Retry-After": "1"}
    assert asyncio.run(Storage(url).read(keys)) == []


@pytest.mark.sqlite_only
def test_a_failing_function_keeps_its_own_error_where_the_commit_is_refused(url):
    writer = Writer(RefusingEngine(url, "COMMIT"))
    with pytest.raises(ValueError, match="mine"):
        asyncio.run(writer.run(failing(ValueError("mine"))))
    writer.close()


@pytest.mark.sqlite_only
def test_where_the_database_fails_each_use_is_unavailable_and_the_next_one_is_tried(
    storage,
):
    async def run():
        await storage.write(lambda c: c.execute(sa.text("DROP TABLE items")))
        failed = await asyncio.gather(
            storage.write(put, "a"),
            storage.read(rows.seek, ITEM, ("a",)),
            storage.scan(keys),
            return_exceptions=True,
        )
        return failed, await storage.write(lambda c: c.scalar(sa.text("SELECT 1")))

    failed, next_one = asyncio.run(run())
    assert [type(each) for each in failed] == [Unavailable] * 3
    assert all(each.headers == {"Retry-After": "1"} for each in failed)
    assert next_one == 1


def test_many_scans_share_a_few_connections(storage):
    asyncio.run(storage.write(put, "a"))

    async def run():
        return await asyncio.gather(*[storage.scan(keys) for _ in range(20)])

    assert asyncio.run(run()) == [["a"]] * 20


def test_a_database_in_memory_needs_no_folder():
    with sqlite_engine("sqlite://").connect() as connection:
        assert connection.scalar(sa.text("SELECT sort_key('É')")) == "e"


def test_one_scan_does_not_wait_for_another(storage):
    barrier = threading.Barrier(3, timeout=10)

    async def run():
        return await asyncio.gather(
            *[storage.scan(lambda _: barrier.wait() >= 0) for _ in range(3)]
        )

    assert asyncio.run(run()) == [True] * 3


def test_what_is_read_in_a_snapshot_is_of_one_moment(storage, url):
    engine = engine_at(url)
    with engine.connect() as reader:
        with Snapshot(reader):
            before = keys(reader)
            asyncio.run(storage.write(put, "a"))
            assert keys(reader) == before == []
        assert keys(reader) == ["a"]
    engine.dispose()


@pytest.mark.parametrize(("error", "kept"), [(None, ["a"]), (ValueError, [])])
def test_an_exclusive_transaction_is_kept_whole_or_not_at_all(url, error, kept):
    engine = engine_at(url)
    with engine.connect() as connection:
        try:
            with exclusively(connection):
                put(connection, "a")
                if error is not None:
                    raise error
        except ValueError:
            assert error is ValueError
        assert keys(connection) == kept
    engine.dispose()


def test_a_writer_waits_while_another_process_would_hold_the_turn(storage, url):
    engine = engine_at(url)

    async def run():
        with engine.connect() as connection, exclusively(connection):
            job = asyncio.ensure_future(storage.write(put, "b"))
            done, _ = await asyncio.wait([job], timeout=0.2)
            put(connection, "a")
        return done, await job

    assert asyncio.run(run()) == (set(), "b")
    engine.dispose()
    assert asyncio.run(storage.read(keys)) == ["a", "b"]


@pytest.mark.sqlite_only
def test_files_beside_the_database_bear_its_name(storage, url):
    assert str(storage.beside("claims")) == url.removeprefix("sqlite:///") + ".claims"


def test_a_database_that_cannot_be_opened_is_unavailable_and_nobody_waits(tmp_path):
    (tmp_path / "folder.db").mkdir()
    writer = Writer(sqlite_engine(f"sqlite:///{tmp_path / 'folder.db'}"))
    with pytest.raises(Unavailable):
        asyncio.run(asyncio.wait_for(writer.run(keys), 2))
