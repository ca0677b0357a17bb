"""What only a real server shows: octets on sockets, slow clients, signals, logs."""

import json
import signal
import socket
import threading
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from liveserver import (
    PATIENCE,
    Server,
    answer_on,
    ask,
    chunk,
    copy_of,
    head,
    wait_until,
)

JSON = {"Content_Type": "application/json"}
CHUNKED = {**JSON, "Transfer_Encoding": "chunked"}
MEBIBYTE = 1024 * 1024
VALUE = b'{"value": 1}'


@pytest.fixture(scope="module")
def hasty(template, tmp_path_factory):
    """A server that has little patience with slow clients."""
    database = copy_of(template, tmp_path_factory.mktemp("hasty"))
    limits = {"HEAD_SECONDS": 2, "BODY_SECONDS": 2, "WRITE_SECONDS": 2}
    with Server(database, limits=limits) as running:
        yield running


# Messages that are no HTTP, or too much of it.


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="no Host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost:\r\n\r\n", id="an empty Host"),
        pytest.param(b"nonsense\r\n\r\n", id="a garbage request line"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n", id="TLS"),
        pytest.param(b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", id="an unknown version"),
        pytest.param(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", id="a space after a name"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: a\r\nb\r\n\r\n", id="a field of no name"
        ),
        pytest.param(head("POST", "/items", Content_Length="x"), id="a length of x"),
        pytest.param(head("POST", "/items", Content_Length=-1), id="a length below 0"),
        pytest.param(
            head("POST", "/items", Content_Length="9" * 5000), id="a 5000-digit length"
        ),
        pytest.param(
            head("POST", "/items", Content_Length=5, Transfer_Encoding="chunked"),
            id="both a length and chunks",
        ),
    ],
)
def test_a_message_that_is_not_http_is_a_400_problem(server, message):
    answer = server.exchange(message)
    assert answer.status == 400
    assert answer.is_problem
    assert json.loads(answer.body)["status"] == 400


@pytest.mark.parametrize(
    ("message", "status"),
    [
        pytest.param(head("GET", f"/books?q={'a' * 2047}"), 414, id="a query"),
        pytest.param(head("GET", f"/books?q={'a' * 99_999}"), 414, id="a huge query"),
        pytest.param(head("GET", f"/{'a' * 9_000}"), 414, id="a path"),
        pytest.param(head("GET", f"/{'a' * 99_999}"), 414, id="a huge path"),
        pytest.param(head("GET", "/", X_Long="a" * 17_000), 431, id="a field"),
        pytest.param(head("GET", "/", X_Long="a" * 99_999), 431, id="a huge field"),
        pytest.param(
            head("GET", "/", **{f"X_{n}": "a" for n in range(200)}),
            431,
            id="200 fields",
        ),
        pytest.param(
            head("GET", "/", **{f"X_{n}": "a" * 30_000 for n in range(100)}),
            431,
            id="3 MB of fields",
        ),
    ],
)
def test_a_head_that_is_too_long_is_a_problem_that_says_so(server, message, status):
    answer = server.exchange(message)
    assert answer.status == status
    assert answer.is_problem
    assert json.loads(answer.body)["status"] == status


def test_a_request_line_without_an_end_is_refused(server):
    answer = server.exchange(b"GET /" + b"a" * 200_000)
    assert (answer.status, answer.is_problem) == (414, True)


@pytest.mark.parametrize("coding", ["new, chunked", "gzip, chunked"])
def test_a_transfer_coding_that_is_not_decoded_is_a_problem(server, coding):
    answer = server.exchange(head("POST", "/items", Transfer_Encoding=coding))
    assert answer.status in {415, 501}
    assert answer.is_problem


def test_a_refusal_tells_the_client_that_the_connection_closes(server):
    with server.connection() as sock:
        sock.sendall(b"nonsense\r\n\r\n")
        assert answer_on(sock).headers["Connection"] == "close"
        assert sock.recv(1) == b""


# Bodies that break off or never end.


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        pytest.param(CHUNKED, b"zz\r\n{}\r\n0\r\n\r\n", id="a size that is no number"),
        pytest.param(CHUNKED, chunk(VALUE) + b"-1\r\n", id="a size below zero"),
        pytest.param(CHUNKED, b"2\r\n" + VALUE + b"\r\n", id="a chunk without its end"),
        pytest.param(CHUNKED, chunk(VALUE), id="chunks without the last"),
        pytest.param({**JSON, "Content_Length": 13}, VALUE, id="an octet too few"),
        pytest.param({**JSON, "Content_Length": 13}, b"", id="no octet at all"),
    ],
)
def test_a_body_that_breaks_off_is_a_400_and_writes_nothing(server, fields, body):
    with server.connection() as sock:
        sock.sendall(head("POST", "/items/broken", **fields) + body)
        sock.shutdown(socket.SHUT_WR)
        answer = answer_on(sock)
    assert (answer.status, answer.is_problem) == (400, True)
    assert requests.get(f"{server.url}/items/broken", timeout=10).status_code == 404


def test_a_client_that_goes_away_within_its_body_has_written_nothing(server):
    with server.connection() as sock:
        fields = {**JSON, "Content_Length": len(VALUE) + 1}
        sock.sendall(head("PUT", "/items/gone", **fields) + VALUE)
    assert requests.get(f"{server.url}/items/gone", timeout=10).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(CHUNKED, id="chunked"),
        pytest.param({**JSON, "Content_Length": 3 * MEBIBYTE}, id="of known length"),
    ],
)
def test_who_sends_too_much_can_read_the_413_after_sending_it_all(server, fields):
    part = b" " * 65_536
    if "Transfer_Encoding" in fields:
        part = chunk(part)
    with server.connection() as sock:
        sock.sendall(head("POST", "/items", **fields))
        for _ in range(3 * MEBIBYTE // 65_536):
            sock.sendall(part)
        answer = answer_on(sock)
    assert (answer.status, answer.is_problem) == (413, True)


def test_who_sends_without_end_is_told_413_and_then_cut_off(server):
    with server.connection() as sock, suppress(ConnectionError):
        sock.sendall(head("POST", "/items", **CHUNKED))
        for _ in range(3):
            sock.sendall(chunk(b" " * MEBIBYTE))
        answer = answer_on(sock)
        assert (answer.status, answer.is_problem) == (413, True)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            sock.sendall(chunk(b" " * 65_536))
        pytest.fail("it may send for ever")


def test_a_chunked_body_is_read(server):
    body = chunk(VALUE[:5]) + chunk(VALUE[5:]) + chunk(b"")
    answer = server.exchange(head("PUT", "/items/chunked", **CHUNKED) + body)
    assert (answer.status, json.loads(answer.body)["value"]) == (201, 1)


def test_who_expects_100_continue_is_told_so(server):
    fields = {**JSON, "Content_Length": len(VALUE), "Expect": "100-continue"}
    with server.connection() as sock:
        sock.sendall(head("PUT", "/items/expected", **fields))
        assert sock.recv(100).startswith(b"HTTP/1.1 100 ")
        sock.sendall(VALUE)
        assert answer_on(sock).status == 201


# HTTP/1.1 as every client may speak it.


def test_pipelined_requests_are_answered_in_their_order(server):
    names = ["books", "tasks", "items"]
    with server.connection() as sock:
        sock.sendall(b"".join(head("GET", f"/{name}") for name in names))
        stream = sock.makefile("rb")
        with closing(stream):
            found = [self_of_next(stream) for _ in names]
    assert found == [f"/{name}" for name in names]


def self_of_next(stream):
    length = 0
    while (line := stream.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return json.loads(stream.read(length))["_links"]["self"]["href"]


def test_the_absolute_form_of_a_target_works(server):
    url = f"{server.url}/items/absolute"
    requests.put(url, json={"value": 1}, timeout=10)
    for target in (url, f"{url}.json", f"{server.url}/items?limit=1"):
        assert server.exchange(head("GET", target)).status == 200
    assert server.exchange(head("GET", server.url)).status == 200


def test_a_client_of_http_1_0_is_answered_and_the_connection_closed(server):
    with server.connection() as sock:
        sock.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert answer_on(sock).status == 200
        assert sock.recv(1) == b""


def test_an_upgrade_is_ignored(server):
    fields = {"Connection": "Upgrade", "Upgrade": "websocket"}
    fields |= {
        "Sec_WebSocket_Version": 13,
        "Sec_WebSocket_Key": "x3JJHMbDL1EzLkh9GBhXDw==",
    }
    assert server.exchange(head("GET", "/", **fields)).status == 200


def test_head_equals_get_without_a_body_on_every_route(server):
    for url in every_link_of_the_root(server):
        got = requests.get(url, timeout=10)
        told = requests.head(url, timeout=10)
        assert told.status_code == got.status_code == 200, url
        assert headers(told) == headers(got), url
        assert told.content == b""


def test_head_of_what_is_not_there_has_no_body(server):
    message = head("HEAD", "/items/absent") + head("GET", "/", Connection="close")
    with server.connection() as sock:
        sock.sendall(message)
        answered = b"".join(iter(lambda: sock.recv(65_536), b""))
    missing, _, rest = answered.partition(b"\r\n\r\n")
    assert missing.startswith(b"HTTP/1.1 404 ")
    assert rest.startswith(b"HTTP/1.1 200 ")


def headers(answer):
    return {name: value for name, value in answer.headers.items() if name != "Date"}


def every_link_of_the_root(server):
    """The root and what its links lead to; templates filled in with what is there."""
    known = {"{?q}": "?q=made", "{id}": "1", "{key}": "made", "{rel}": "books"}
    someone = {"name": "made", "email": "made@example.org"}
    made = {
        "books": {"title": "made", "author": "made"},
        "products": {"sku": "1", "name": "made", "price": "1", "currency": "EUR"},
        "customers": someone,
        "tasks": {"id": "1", "description": "made"},
        "items": {"key": "made", "value": 1},
        "users": someone,
        "customers/1/orders": {},
    }
    for name, body in made.items():
        requests.post(f"{server.url}/{name}", json=body, timeout=10)
    links = requests.get(server.url, timeout=10).json()["_links"]
    for found in links.values():
        for link in found if isinstance(found, list) else [found]:
            href = link["href"]
            for variable, value in known.items():
                href = href.replace(variable, value)
            yield server.url + href


def test_no_answer_tells_which_server_gave_it(server):
    answers = [
        server.exchange(head("GET", "/")),
        server.exchange(head("GET", "/nowhere")),
        server.exchange(b"nonsense\r\n\r\n"),
    ]
    assert [each.headers["Server"] for each in answers] == [None] * 3
    assert all(each.headers["Date"] for each in answers)


# Clients that are slow, or many.


def test_64_slow_connections_keep_nobody_from_being_answered_in_a_second(server):
    half_body = head("POST", "/items", **JSON, Content_Length=99) + VALUE
    halves = [b"GET / HTTP/1.1\r\nHo", half_body] * 32
    with ExitStack() as held:
        for half in halves:
            held.enter_context(server.connection()).sendall(half)
        for n in range(20):
            url = f"{server.url}/items/fast-{n}"
            assert requests.put(url, json={"value": n}, timeout=1).status_code == 201
            assert requests.get(url, timeout=1).json()["value"] == n


def test_a_slow_head_is_cut_off_with_408(hasty):
    assert hasty.exchange(b"GET / HTTP/1.1\r\nHo").status == 408


def test_a_head_that_comes_octet_by_octet_is_cut_off_with_408(hasty):
    with hasty.connection() as sock, drip(sock, b"GET / HTTP/1.1\r\nX: " + b"a" * 999):
        answer = answer_on(sock)
    assert (answer.status, answer.is_problem) == (408, True)


def test_a_slow_body_is_cut_off_with_408_and_writes_nothing(hasty):
    with hasty.connection() as sock:
        fields = {**JSON, "Content_Length": len(VALUE) + 1}
        sock.sendall(head("PUT", "/items/slow", **fields) + VALUE)
        answer = answer_on(sock)
    assert (answer.status, answer.is_problem) == (408, True)
    assert requests.get(f"{hasty.url}/items/slow", timeout=10).status_code == 404


def test_who_never_reads_the_answers_is_cut_off(hasty):
    for n in range(40):
        book = {"title": "t" * 1000, "author": "a", "description": f"{n}" * 9_000}
        requests.post(f"{hasty.url}/books", json=book, timeout=10)
    with hasty.connection() as sock:
        wait_until(lambda: not can_send(sock), "the server cuts the client off")


def can_send(sock):
    """Whether the server still takes requests for large pages that nobody reads."""
    sock.settimeout(0.1)
    try:
        sock.sendall(head("GET", "/books?limit=200") * 20)
    except TimeoutError:
        return True
    except ConnectionError:
        return False
    return True


def test_a_connection_without_a_request_is_closed_in_silence(hasty):
    with hasty.connection() as sock:
        assert sock.recv(1) == b""


def test_an_idle_connection_is_kept_as_long_as_the_setting_says(hasty):
    with hasty.connection() as sock:
        sock.sendall(head("GET", "/"))
        assert answer_on(sock).status == 200
        sock.settimeout(4)  # twice as long as a head may take
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.sendall(head("GET", "/"))
        assert answer_on(sock).status == 200


def drip(sock, octets):
    """While the block runs, another thread sends octet by octet."""
    stack = ExitStack()
    is_over = threading.Event()

    def send():
        with suppress(OSError):
            for octet in octets:
                sock.send(bytes([octet]))
                if is_over.wait(0.05):
                    return

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    stack.callback(thread.join, PATIENCE)
    stack.callback(is_over.set)
    return stack


# Processes and signals.


def test_two_servers_stand_beside_each_other(server, own_server):
    requests.put(f"{own_server.url}/items/mine", json={"value": 1}, timeout=10)
    assert requests.get(f"{own_server.url}/items/mine", timeout=10).status_code == 200
    assert requests.get(f"{server.url}/items/mine", timeout=10).status_code == 404


def test_sigterm_lets_a_running_request_end_and_then_the_server(own_server):
    with own_server.connection() as sock:
        fields = {**JSON, "Content_Length": len(VALUE)}
        sock.sendall(head("PUT", "/items/late", **fields) + VALUE[:5])
        own_server.signal(signal.SIGTERM)
        wait_until(lambda: not takes_connections(own_server), "it takes no more")
        sock.sendall(VALUE[5:])
        assert answer_on(sock).status == 201
    assert own_server.await_end() == 0
    found = ask(own_server.database, "SELECT value FROM items WHERE key = 'late'")
    assert found == [("1",)]


def test_sigterm_ends_a_server_whose_workers_have_just_begun_to_start(database):
    server = Server(database)
    server.start(is_complete=False)
    begin = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begin < 5


def test_idle_connections_do_not_hold_up_the_end(own_server):
    with ExitStack() as held:
        for _ in range(8):
            sock = held.enter_context(own_server.connection())
            sock.sendall(head("GET", "/"))
            assert answer_on(sock).status == 200
        begin = time.monotonic()
        assert own_server.stop() == 0
    assert time.monotonic() - begin < 5


def test_a_client_that_stalls_does_not_hold_up_the_end_for_ever(database):
    with Server(database, GRACEFUL_TIMEOUT=4) as server, server.connection() as sock:
        sock.sendall(head("PUT", "/items/stalled", **JSON, Content_Length=99) + VALUE)
        begin = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begin < 8
        assert answer_on(sock).status == 503


def takes_connections(server):
    with suppress(ConnectionError, TimeoutError), server.connection():
        return True
    return False


@pytest.mark.parametrize("keeps", [False, True], ids=["new connections", "kept ones"])
def test_two_sighups_under_load_lose_nothing_that_was_answered(own_server, keeps):
    clients = [Client(own_server, keeps=keeps) for _ in range(4)]
    for _ in range(2):
        replace_workers(own_server)
    written = {key for each in clients for key in each.end()}
    found = {key for (key,) in ask(own_server.database, "SELECT key FROM items")}
    assert written <= found
    assert len(written) > 20
    # Where the server closes an idle connection, a request may be on its way already.
    assert keeps or [each.faults for each in clients] == [[]] * 4


def replace_workers(server):
    workers = server.workers()
    server.signal(signal.SIGHUP)
    wait_until(lambda: not workers & server.workers(), "all workers are new")


class Client(threading.Thread):
    """Writes items until it is told to end, over one connection or always new ones."""

    def __init__(self, server, *, keeps):
        super().__init__(daemon=True)
        self.items = f"{server.url}/items"
        self.keeps = keeps
        self.written = []
        self.faults = []
        self.is_over = threading.Event()
        self.start()

    def run(self):
        with requests.Session() as session:
            post = session.post if self.keeps else requests.post
            while not self.is_over.is_set():
                self.write(post, uuid4().hex)

    def write(self, post, key):
        try:
            answer = post(f"{self.items}/{key}", json={"value": 1}, timeout=PATIENCE)
        except requests.RequestException as ex:
            self.faults.append(repr(ex))
            return
        if answer.status_code == 201:
            self.written.append(key)
        else:
            self.faults.append(answer.text)

    def end(self):
        """End it; the keys of what was acknowledged."""
        self.is_over.set()
        self.join(PATIENCE)
        return self.written


def test_after_a_worker_was_killed_another_takes_its_place(own_server):
    workers = own_server.workers()
    own_server.kill_worker()
    wait_until(lambda: len(own_server.workers() - workers) == 1, "a new worker")
    url = f"{own_server.url}/items/after"
    for n in range(8):
        assert requests.put(url, json={"value": n}, timeout=10).status_code < 300


# The log.


def test_every_line_of_the_log_is_json(own_server):
    own_server.exchange(b"nonsense\r\n\r\n")
    requests.get(f"{own_server.url}/nowhere", timeout=10)
    own_server.stop()
    lines = [json.loads(line) for line in own_server.log.read_text().splitlines()]
    assert {"GET"} == {each["method"] for each in lines if each["event"] == "request"}
    assert any(each.get("path") == "/nowhere" for each in lines)
    assert all("timestamp" in each for each in lines)


def test_a_problem_names_the_request_in_the_log(own_server):
    answer = requests.get(f"{own_server.url}/nowhere", timeout=10)
    own_server.stop()
    request_id = answer.json()["instance"].removeprefix("urn:uuid:")
    assert f'"request_id":"{request_id}"' in own_server.log.read_text()


def test_an_answered_request_is_in_the_log_when_the_server_ends(own_server):
    for n in range(100):
        requests.get(f"{own_server.url}/items/{n}", timeout=10)
    own_server.stop()
    assert own_server.log.read_text().count('"route":"/items/{item}"') == 100


def test_a_server_below_a_path_says_so_in_its_links(database, monkeypatch):
    monkeypatch.setenv("SCRIPT_NAME", "/shop")
    server = Server(database)
    server.start()
    try:
        links = requests.get(f"{server.url}/shop/tasks", timeout=10).json()["_links"]
    finally:
        server.stop()
    assert (links["self"]["href"], links["up"]["href"]) == ("/shop/tasks", "/shop/")


def test_a_connection_that_its_client_has_closed_is_not_kept(own_server):
    for _ in range(60):
        requests.get(f"{own_server.url}/books", timeout=10)
    wait_until(lambda: half_closed(own_server.port) == 0, "sockets closed", 5)


def half_closed(port):
    """How many connections to the port their clients have ended, and nobody else."""
    close_wait, local = "08", f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    states = [(each.split()[1], each.split()[3]) for each in lines]
    return sum(a.endswith(local) and state == close_wait for a, state in states)
