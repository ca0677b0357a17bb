"""Whole collections over sockets: memory, other clients, those who go away, the end."""

import http.client
import json
import sqlite3
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
import requests
from liveserver import PATIENCE, Server, copy_of, head, wait_until

MILLION = 1_000_000
SOME = 60_000
MEBIBYTE = 1024 * 1024
PROMPT = 2
"""Seconds in which a client is answered whatever others do, on a busy machine too."""
_FILL = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT ?)
    INSERT INTO books (id, title, author, published, language, subjects, reviews,
                       title_sort, author_sort, version, created, updated)
    SELECT n, 'The voyages of the ship ' || n, 'A sailor, or ' || (n % 1000),
           1800 + n % 100, 'en', '["Sea stories","Whaling -- Fiction"]', 0,
           n, n, n, '2026-11-21T08:00:00.000000Z', '2026-11-21T08:00:00.000000Z'
    FROM numbers
"""


def filled(database, number):
    """The database with so many books; without the indexes that streams don't need."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=OFF")
        for kind, name in connection.execute(
            "SELECT type, name FROM sqlite_master WHERE tbl_name = 'books'"
            " AND type IN ('index', 'trigger') AND sql IS NOT NULL"
        ).fetchall():
            connection.execute(f"DROP {kind} {name}")
        connection.execute(_FILL, [number])
        connection.execute(
            "INSERT INTO counters (collection, owner, total, version, updated)"
            " SELECT 'books', 0, ?, ?, max(updated) FROM books",
            [number, number],
        )
        connection.commit()
    return database


@pytest.fixture(scope="module")
def library(template, tmp_path_factory):
    """A server with a million books."""
    database = copy_of(template, tmp_path_factory.mktemp("library"))
    with Server(filled(database, MILLION)) as running:
        yield running


@pytest.fixture
def shelf(database):
    """A database with more books than sockets take in advance."""
    return filled(database, SOME)


@pytest.fixture(scope="module")
def hasty(template, tmp_path_factory):
    """A server on such a database that has little patience with slow clients."""
    database = copy_of(template, tmp_path_factory.mktemp("hasty"))
    with Server(filled(database, SOME), limits={"WRITE_SECONDS": 1}) as running:
        yield running


@contextmanager
def streaming(server, path="/books.ndjson"):
    """The answer to a request for a stream, of which nothing has been read yet."""
    with server.connection() as sock:
        sock.sendall(head("GET", path))
        with closing(http.client.HTTPResponse(sock)) as answer:
            answer.begin()
            assert answer.status == 200
            yield answer


def memory(server):
    """How many octets each worker holds."""
    return {pid: status_of(pid)["VmRSS"] * 1024 for pid in server.workers()}


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    told = (line.partition(":")[::2] for line in lines)
    return {name: int(text.split()[0]) for name, text in told if text.endswith("kB")}


def seconds_of_an_answer(server):
    begin = time.monotonic()
    assert requests.get(f"{server.url}/books/7", timeout=PATIENCE).status_code == 200
    return time.monotonic() - begin


def test_a_million_rows_take_little_memory_and_keep_nobody_waiting(library):
    for _ in range(8):
        requests.get(f"{library.url}/books.ndjson?limit=200", timeout=PATIENCE)
    before, growth, waits = memory(library), [0], []
    begin, lines, last = time.monotonic(), 0, b""
    with streaming(library) as answer:
        while some := answer.read(8 * MEBIBYTE):
            lines += some.count(b"\n")
            last = (last + some)[-4096:]
            waits.append(seconds_of_an_answer(library))
            growth += [each - before[pid] for pid, each in memory(library).items()]
    rate = MILLION / (time.monotonic() - begin)
    print(  # noqa: T201
        f"{rate:,.0f} rows/s, {max(growth) / MEBIBYTE:.1f} MiB more, "
        f"others waited {max(waits) * 1000:.0f} ms at most"
    )
    assert lines == MILLION + 1
    assert json.loads(last.splitlines()[-1])["count"] == MILLION
    assert max(growth) <= 8 * MEBIBYTE
    assert max(waits) < PROMPT


def test_a_client_that_goes_away_ends_the_reading(library):
    with streaming(library, "/books.csv") as answer:
        answer.read(MEBIBYTE)
    # gunicorn would leave the request three seconds.
    wait_until(lambda: is_quiet(library), "the workers rest", 2)


def is_quiet(server):
    """Whether the workers do next to nothing for a while."""
    before = work_of(server)
    time.sleep(0.2)
    return work_of(server) - before < 0.02


def work_of(server):
    """Seconds of CPU time that all threads of the workers have taken."""
    tasks = [Path(f"/proc/{pid}/task") for pid in server.workers()]
    accounts = [
        int((each / "schedstat").read_text().split()[0])
        for task in tasks
        for each in task.iterdir()
    ]
    return sum(accounts) / 1e9


def test_64_clients_that_take_nothing_hinder_no_other(library):
    with ExitStack() as stack:
        for place in range(64):
            query = ("", "?sort=-id", "?title.ne=x")[place % 3]
            stack.enter_context(streaming(library, f"/books.ndjson{query}"))
        waits = [seconds_of_an_answer(library) for _ in range(8)]
        with streaming(library, "/books.csv?published.lt=1801&fields=title") as answer:
            assert answer.read().count(b"\r\n") == MILLION / 100 + 1
        wait_until(lambda: is_quiet(library), "the workers rest")
    assert max(waits) < PROMPT


def test_a_client_that_takes_its_time_again_and_again_is_not_cut_off(hasty):
    with streaming(hasty) as answer:
        taken, end = 0, time.monotonic() + 3
        while time.monotonic() < end:
            taken += len(answer.read(MEBIBYTE // 4))
            time.sleep(0.1)
        rest = answer.read()
    assert taken > MEBIBYTE
    assert json.loads(rest.splitlines()[-1])["count"] == SOME


def test_a_client_that_takes_nothing_is_cut_off(hasty):
    with streaming(hasty) as answer:
        wait_until(lambda: not has_connections(hasty), "it is cut off")
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()


def has_connections(server):
    """Whether a worker still has a connection, from /proc's table of sockets."""
    port = f":{server.port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(port) and is_open(line) for line in lines)


def is_open(line):
    return line.split()[3] == "01"


def test_a_failure_in_the_middle_breaks_the_connection(shelf):
    with Server(shelf) as server, streaming(server) as answer:
        answer.read(1)
        with closing(sqlite3.connect(shelf, timeout=PATIENCE)) as connection:
            connection.execute("DROP TABLE books")
        with pytest.raises(http.client.IncompleteRead) as broken:
            answer.read()
    assert b'"count":' not in broken.value.partial[-4096:]


@pytest.mark.parametrize("suffix", [".ndjson", ".csv"])
def test_a_stream_ends_in_its_own_time_when_the_server_is_told_to(shelf, suffix):
    with Server(shelf) as server:
        with streaming(server, f"/books{suffix}") as answer:
            answer.read(1)
            server.signal(15)
            text = answer.read()
        assert text.endswith((b'"count":60000}\n', b"Z\r\n"))
        assert server.await_end() == 0


def test_a_stream_that_outlasts_the_patience_of_the_server_breaks(shelf):
    with Server(shelf, GRACEFUL_TIMEOUT=4) as server:
        filtered = "/books.ndjson?title.ne=x"
        with streaming(server) as one, streaming(server, filtered) as other:
            server.signal(15)
            assert server.await_end() == 0
            for answer in (one, other):
                with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                    answer.read()
        log = server.log.read_text()
    assert '"level": "error"' not in log


def test_a_client_of_http_1_0_sees_the_end_too(shelf):
    with Server(shelf) as server, server.connection() as sock:
        sock.sendall(
            b"GET /books.ndjson?published=1850 HTTP/1.0\r\nHost: localhost\r\n\r\n"
        )
        received = b""
        with suppress(ConnectionError):
            while some := sock.recv(65_536):
                received += some
    assert b"Transfer-Encoding" not in received
    assert json.loads(received.splitlines()[-1])["count"] == SOME / 100
