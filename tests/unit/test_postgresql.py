"""PostgreSQL behind the door: the same words, one writer, and what is undecided."""

import asyncio
import random
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from api.__main__ import main
from api.errors import Unavailable
from api.models.base import sort_key
from api.models.item import ITEM
from api.storage import rows
from api.storage.opening import engine_at, storage_at
from api.storage.postgresql import Undecided, commit
from api.storage.transactions import driver_of

_RANDOM = random.Random(1)
_POINTS = [*range(1, 0xD800), *range(0xE000, 0x20000)]
TEXTS = [
    *("".join(map(chr, _POINTS[n : n + 400])) for n in range(0, len(_POINTS), 400)),
    *("".join(map(chr, _RANDOM.choices(_POINTS, k=30))) for _ in range(200)),
    *("".join(_RANDOM.choices("aBé\u0301İßΣ힣K①ﬁ-'\"🙂 ", k=20)) for _ in range(200)),
]
_LARGEST_WORD = 2000


@pytest.fixture
def driver(shared_database):
    engine = engine_at(shared_database)
    with engine.connect() as connection:
        yield driver_of(connection)


@pytest.fixture
def storage(postgresql, shared_database):
    postgresql.empty("shop")
    with closing(storage_at(shared_database)) as made:
        yield made


def put(connection, key):
    return rows.insert(connection, ITEM, {"key": key, "value": 1}).key


def keys(connection):
    return list(connection.execute(sa.select(ITEM.table.c.key)).scalars())


def test_texts_sort_by_the_same_keys_as_in_python(driver):
    asked = "SELECT sort_key(t) FROM unnest(%s::text[]) WITH ORDINALITY AS u (t, n)"
    found = driver.execute(f"{asked} ORDER BY n", [TEXTS]).fetchall()
    assert [key for (key,) in found] == [sort_key(text) for text in TEXTS]


def test_texts_have_the_same_words_as_in_fts5(driver):
    asked = (
        "SELECT coalesce(array_agg(lexeme ORDER BY place), '{}') FROM"
        " unnest(search_vector(%s, '')) AS v (lexeme, places, w), unnest(places) place"
    )
    with closing(sqlite3.connect(":memory:")) as fts5:
        tokenizer = "tokenize='unicode61 remove_diacritics 2'"
        fts5.execute(f"CREATE VIRTUAL TABLE t USING fts5(w, {tokenizer})")
        fts5.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")
        for text in TEXTS:
            fts5.execute("INSERT INTO t (rowid, w) VALUES (1, ?)", [text])
            told = fts5.execute("SELECT term FROM v ORDER BY offset").fetchall()
            fts5.execute("DELETE FROM t")
            if all(len(word.encode()) < _LARGEST_WORD for (word,) in told):
                (words,) = driver.execute(asked, [text]).fetchone()
                assert words == [word for (word,) in told]


class Committing:
    """A driver whose server commits in its own way."""

    def __init__(self, *, warns=False, says="COMMIT"):
        self._warns, self._says, self._handlers = warns, says, []

    def add_notice_handler(self, handler):
        self._handlers.append(handler)

    def remove_notice_handler(self, handler):
        self._handlers.remove(handler)

    def execute(self, _text):
        if self._warns:
            self._handlers[0](SimpleNamespace(message_primary="canceling wait"))
        return SimpleNamespace(statusmessage=self._says)


@pytest.mark.parametrize("how", [{"warns": True}, {"says": "ROLLBACK"}])
def test_a_commit_is_believed_only_where_the_server_says_no_more(how):
    commit(Committing())
    with pytest.raises(Undecided):
        commit(Committing(**how))


def test_a_write_whose_backend_dies_before_the_commit_is_done_on_another(storage):
    backends = []

    def dying(connection):
        driver = driver_of(connection)
        backends.append(driver.info.backend_pid)
        if len(backends) == 1:
            connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return put(connection, "a")

    assert asyncio.run(storage.write(dying)) == "a"
    assert len(set(backends)) == 2
    assert asyncio.run(storage.read(keys)) == ["a"]


def test_a_write_that_never_succeeds_is_503(storage):
    def locked(connection):
        connection.execute(sa.text("SET LOCAL statement_timeout = 1"))
        connection.execute(sa.text("SELECT pg_sleep(1)"))

    with pytest.raises(Unavailable):
        asyncio.run(storage.write(locked))
    assert asyncio.run(storage.write(put, "b")) == "b"


@pytest.mark.parametrize(
    "state",
    ["08006", "25006", "40001", "40P01", "55P03", "57P01", "57P02", "57P03"],
)
def test_a_write_that_meets_a_transient_error_is_done_again_on_another(state, storage):
    backends = []

    def failing_once(connection):
        backends.append(driver_of(connection).info.backend_pid)
        put(connection, "a")
        if len(backends) == 1:
            connection.execute(raising(state))

    asyncio.run(storage.write(failing_once))
    assert len(set(backends)) == 2
    assert asyncio.run(storage.read(keys)) == ["a"]


def raising(state):
    """A statement that fails with the SQLSTATE."""
    text = f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"
    return sa.text(text)


@pytest.mark.parametrize(
    "state", ["08006", "25006", "40001", "53300", "57014", "57P01", "58030"]
)
def test_a_read_that_meets_an_outage_is_503(state, storage):
    with pytest.raises(Unavailable):
        asyncio.run(storage.read(lambda connection: connection.execute(raising(state))))


@pytest.mark.parametrize("state", ["42703", "42601", "22003", "XX000"])
def test_a_fault_of_ours_is_not_told_as_an_outage(state, storage):
    for run in (storage.read, storage.scan, storage.write):
        with pytest.raises(sa.exc.DBAPIError):
            asyncio.run(run(lambda connection: connection.execute(raising(state))))
    assert asyncio.run(storage.write(put, "b")) == "b"


def test_a_read_whose_backend_died_is_done_on_another(storage, postgresql):
    assert asyncio.run(storage.scan(keys)) == []
    with postgresql.connect() as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'waymark' AND datname = 'shop'"
        )
    assert asyncio.run(storage.scan(keys)) == []


def test_nothing_is_prepared_where_pgbouncer_wants_it_so(shared_database):
    engine = engine_at(f"{shared_database}&prepare_threshold=none")
    with engine.connect() as connection:
        assert driver_of(connection).prepare_threshold is None
        assert connection.scalar(sa.text("SELECT 1")) == 1


def test_no_value_of_a_statement_is_told_or_logged(storage, caplog):
    def fail(connection):
        connection.execute(sa.text("SELECT 1 / 0, :value"), {"value": "a secret"})

    with pytest.raises(sa.exc.DataError) as caught:
        asyncio.run(storage.write(fail))
    assert "a secret" not in str(caught.value) + caplog.text


def test_a_spare_connection_whose_backend_died_is_not_lent(storage, postgresql):
    storage.give_back(storage.lend())
    with postgresql.connect() as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'waymark' AND datname = 'shop'"
        )
    lent = storage.lend()
    assert lent.execute(sa.text("SELECT 1")).scalar_one() == 1
    storage.give_back(lent)


@pytest.mark.parametrize("command", [["migrate"], ["load-sample"], ["token", "list"]])
def test_a_command_says_in_a_line_that_nobody_answers(command, tmp_path):
    url = f"postgresql+psycopg://shop:geheim@/shop?host={tmp_path}"
    ended = CliRunner().invoke(main, command, env={"WAYMARK_DATABASE_URL": url})
    assert ended.exit_code == 1
    assert ended.output.startswith("Error: the database can't be reached: ")
    assert len(ended.output.splitlines()) == 1
    assert "geheim" not in ended.output
