"""Several nodes behind the balancers and the cache that `deploy/` configures."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from liveserver import (
    PATIENCE,
    ROOT,
    Server,
    all_at_once,
    ask,
    command,
    copy_of,
    environment,
    free_port,
    head,
    wait_until,
)

PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
NEEDED = ("nginx", "haproxy", "varnishd", "systemd-analyze", "systemd-socket-activate")
pytestmark = pytest.mark.skipif(
    not all(shutil.which(each, path=PATH) for each in NEEDED)
    and not os.environ.get("CI"),
    reason="nginx, haproxy, varnish or systemd are missing; CI has them",
)
DEPLOY = ROOT / "deploy"
READY = "/health/ready"
CLIENTS = 16
ELSEWHERE = "127.0.0.9"
"""An address of this machine that is no trusted proxy."""
MEBIBYTE = 1024 * 1024
LISTENING = "127.0.0.1:8000"
NODES = ("127.0.0.1:8001", "127.0.0.1:8002")
BALANCERS = pytest.mark.parametrize("kind", ["nginx", "haproxy"])


# The programs, each in the foreground and without any rights.


def changed(name, changes):
    """The text of a file of `deploy/` with what an operator would change."""
    text = (DEPLOY / name).read_text()
    for old, new in changes.items():
        assert old in text, f"{name} has no {old!r}"
        text = text.replace(old, new)
    return text


def unprivileged(arguments, folder, **options):
    """The program as nobody, where root runs the tests."""
    if os.geteuid() == 0:
        options |= {"user": "nobody", "group": "nogroup", "extra_groups": []}
    return subprocess.Popen(
        [shutil.which(arguments[0], path=PATH), *arguments[1:]],
        cwd=folder,
        start_new_session=True,
        **options,
    )


@contextmanager
def own_folder():
    """A folder that the program may write to."""
    with tempfile.TemporaryDirectory(prefix="waymark-") as name:
        if os.geteuid() == 0:
            shutil.chown(name, "nobody")
        yield Path(name)


def nginx(folder, port, nodes, changes):
    changes = dict(zip(NODES, nodes, strict=True)) | changes
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = [f"{kind}_temp_path {folder}/{kind};" for kind in kinds]
    inside = {"http {\n": "\n".join(["http {", *places, ""])}
    own = {LISTENING: f"127.0.0.1:{port}"}
    path = folder / "nginx.conf"
    path.write_text(changed("nginx.conf", own | changes | inside))
    main = f"daemon off; pid {folder}/pid;"
    return ["nginx", "-p", folder, "-e", "stderr", "-c", path, "-g", main]


def haproxy(folder, port, nodes, changes):
    changes = dict(zip(NODES, nodes, strict=True)) | changes
    path = folder / "haproxy.cfg"
    own = {LISTENING: f"127.0.0.1:{port}"}
    path.write_text(changed("haproxy.cfg", own | changes))
    return ["haproxy", "-db", "-f", path]


def varnish(folder, port, nodes, changes):
    path = folder / "varnish.vcl"
    own = {'"8000"': f'"{nodes[0].rpartition(":")[2]}"'}
    path.write_text(changed("varnish.vcl", own | changes))
    where = ["-n", folder / "work", "-a", f"127.0.0.1:{port}", "-f", path]
    return ["varnishd", "-F", *where, "-s", "malloc,16m", "-p", "thread_pools=1"]


PROGRAMS = {"nginx": nginx, "haproxy": haproxy, "varnish": varnish}


@contextmanager
def front(kind, nodes, changes=()):
    """The program before the nodes; its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with own_folder() as folder:
        arguments = PROGRAMS[kind](folder, port, nodes, dict(changes))
        log = folder / "log"
        with log.open("wb") as output:
            process = unprivileged(
                arguments, folder, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            wait_until(lambda: is_serving(url, process, log), f"{kind} serves")
            yield url
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
            sys.stdout.write(log.read_text())


def is_serving(url, process, log):
    assert process.poll() is None, log.read_text()
    with suppress(requests.ConnectionError):
        return requests.get(url, timeout=PATIENCE).status_code < 500
    return False


# Two nodes on one database.


@pytest.fixture(scope="module")
def nodes(template, tmp_path_factory):
    """Two nodes, both of which run at the begin of each test."""
    database = copy_of(template, tmp_path_factory.mktemp("nodes"))
    trusting = {"TRUSTED_PROXIES": "127.0.0.1"}
    with Server(database, **trusting) as one, Server(database, **trusting) as other:
        yield one, other


def addresses(nodes):
    return [each.url.removeprefix("http://") for each in nodes]


@contextmanager
def balanced(kind, nodes, changes=()):
    with front(kind, addresses(nodes), changes) as url:
        yield url


class Client(threading.Thread):
    """Writes an item and reads it, again and again, over one connection."""

    def __init__(self, url, name):
        super().__init__(daemon=True)
        self.url = f"{url}/items/{name}"
        self.faults = []
        self.count = 0
        self.is_over = threading.Event()
        self.start()

    def run(self):
        with requests.Session() as session:
            while not self.is_over.is_set():
                self.count += 1
                try:
                    self.write_and_read(session)
                except (requests.RequestException, AssertionError) as ex:
                    self.faults.append(repr(ex))
                # The processors are for the nodes, not for these threads.
                self.is_over.wait(0.05)

    def write_and_read(self, session):
        sent = {"value": f"{self.count} {'x' * 4096}"}
        written = session.put(self.url, json=sent, timeout=PATIENCE)
        assert written.status_code in {200, 201}, written.text
        read = session.get(self.url, timeout=PATIENCE)
        assert read.status_code == 200, read.text
        assert read.json()["value"] == sent["value"], "the write is lost"


@contextmanager
def load(url, number=CLIENTS):
    """Clients at work during the block, and after it as long again; none may fail."""
    name = f"load-{time.monotonic_ns()}"
    clients = [Client(url, f"{name}-{place}") for place in range(number)]
    wait_until(lambda: min(each.count for each in clients) > 2, "all have begun")
    try:
        yield
        reached = [each.count + 5 for each in clients]
        wait_until(
            lambda: all(c.count > n for c, n in zip(clients, reached, strict=True)),
            "all go on",
        )
    finally:
        for each in clients:
            each.is_over.set()
        for each in clients:
            each.join(PATIENCE)
    assert [fault for each in clients for fault in each.faults] == []


@BALANCERS
def test_no_get_and_no_put_fails_when_one_node_is_killed_and_then_one_stopped(
    kind, nodes
):
    one, other = nodes
    with balanced(kind, nodes) as url:
        with load(url):
            one.kill()
        with load(url, number=4):
            one.start()
            served = count_served(one)
            # Only then may the other one be stopped.
            wait_until(lambda: count_served(one) > served, "it is asked again")
            assert other.stop() == 0
        other.start()


def count_served(node):
    return node.log.read_text().count('"path":"/items/load-')


@BALANCERS
def test_no_get_and_no_put_fails_while_nodes_take_new_code(kind, nodes):
    with balanced(kind, nodes) as url, load(url):
        for node in (nodes[0], nodes[1], nodes[0]):
            replace_workers(node)


def replace_workers(node):
    workers = node.workers()
    node.signal(signal.SIGHUP)
    wait_until(lambda: not workers & node.workers(), "all workers are new")


# What fails on the way, by nodes that fail when they are told to.


class FailingNode(BaseHTTPRequestHandler):
    """Goes away at the first sight of each request, and answers the second."""

    protocol_version = "HTTP/1.1"
    seen: Counter
    sent = 0

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path in {"/", READY}:
            self.answer(b"")
            return
        self.seen[self.path] += 1
        if self.seen[self.path] == 1:
            self.close_connection = True
        else:
            self.answer(b"%d" % len(body))

    do_GET = do_PUT = do_DELETE = do_POST = do_PATCH = handle_any  # noqa: N815

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class StreamingNode(FailingNode):
    """Sends chunks for as long as they are taken, or breaks off within one."""

    def handle_any(self):
        if self.path in {"/", READY}:
            self.answer(b"")
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"10000\r\n" + b"x" * 1000)
        self.close_connection = True
        if self.path == "/broken":
            return
        self.connection.settimeout(1)
        part = b"x" * (65_536 - 1000) + b"\r\n10000\r\n" + b"x" * 1000
        with suppress(OSError):
            while type(self).sent < 64 * MEBIBYTE:
                self.wfile.write(part)
                type(self).sent += len(part)

    do_GET = handle_any  # noqa: N815


class CachedNode(FailingNode):
    """May be kept for a second, and is the same when it is asked again."""

    def handle_any(self):
        is_same = self.headers.get("If-None-Match") == '"a"'
        self.seen[self.path, is_same] += 1
        self.send_response(304 if is_same else 200)
        for name, value in (("ETag", '"a"'), ("Cache-Control", "public, max-age=1")):
            self.send_header(name, value)
        if not is_same:
            self.send_header("Content-Length", "1")
        self.end_headers()
        if not is_same:
            self.wfile.write(b"a")

    do_GET = handle_any  # noqa: N815


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Say nothing of connections that a balancer has closed."""


@contextmanager
def pretended(handler):
    """Two nodes that are none; their class and their addresses."""
    own = type("Own", (handler,), {"seen": Counter()})
    servers = [Quiet(("127.0.0.1", 0), own) for _ in range(2)]
    for each in servers:
        threading.Thread(target=each.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield own, [f"127.0.0.1:{each.server_port}" for each in servers]
    finally:
        for each in servers:
            each.shutdown()
            each.server_close()


@BALANCERS
def test_what_may_be_sent_twice_is_and_nothing_else(kind):
    key = {"Idempotency-Key": "one"}
    expected = {
        "GET": 2,
        "PUT": 2,
        "DELETE": 2,
        "POST": 1,
        "PATCH": 1,
    }
    with pretended(FailingNode) as (node, places), front(kind, places) as url:
        for method in expected:
            requests.request(method, f"{url}/{method}", json={}, timeout=PATIENCE)
        keyed = requests.post(f"{url}/key", headers=key, json={}, timeout=PATIENCE)
    assert node.seen == {f"/{method}": times for method, times in expected.items()} | {
        "/key": 2
    }
    assert keyed.status_code == 200


@BALANCERS
def test_a_put_of_the_largest_item_can_be_repeated(kind):
    with pretended(FailingNode) as (_, places), front(kind, places) as url:
        answer = requests.put(f"{url}/x", data=b"x" * 120_000, timeout=PATIENCE)
    assert (answer.status_code, answer.text) == (200, "120000")


@BALANCERS
def test_what_a_balancer_refuses_itself_is_a_problem_too(kind):
    with pretended(FailingNode) as (_, places), front(kind, places) as url:
        refused = requests.post(f"{url}/x", json={}, timeout=PATIENCE)
    assert refused.status_code in {502, 503}
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["status"] == refused.status_code


@BALANCERS
def test_a_stream_waits_for_its_client_in_little_memory(kind):
    with pretended(StreamingNode) as (node, places), front(kind, places) as url:
        with closing(http.client.HTTPConnection(url.removeprefix("http://"))) as client:
            client.request("GET", "/books.ndjson")
            client.getresponse().read(1)
            wait_until(lambda: is_still(node), "no more is taken")
        assert node.sent < 16 * MEBIBYTE


def is_still(node):
    before = node.sent
    time.sleep(0.2)
    return before == node.sent


@BALANCERS
def test_a_stream_that_breaks_off_is_seen_to(kind):
    torn = requests.exceptions.ChunkedEncodingError
    with (
        pretended(StreamingNode) as (_, places),
        front(kind, places) as url,
        pytest.raises(torn),
    ):
        requests.get(f"{url}/broken", timeout=PATIENCE)


# What nodes are told by what stands before them.


def one_link(found):
    return found if isinstance(found, list) else [found]


def test_below_a_path_of_another_site_every_link_leads_there(nodes):
    changes = {'default "";\n    }\n    server': 'default "/shop";\n    }\n    server'}
    changes |= {"location / {": "location /shop {"}
    with front("nginx", addresses(nodes), changes) as url:
        root = requests.get(f"{url}/shop/", timeout=PATIENCE).json()
        hrefs = [
            link["href"]
            for relation, found in root["_links"].items()
            for link in one_link(found)
            if relation != "api-catalog"
        ]
        plain = [href for href in hrefs if "{" not in href]
        answers = {requests.get(url + each, timeout=9).status_code for each in plain}
    assert len(hrefs) > 10
    assert [each for each in hrefs if not each.startswith("/shop/")] == []
    assert answers == {200}


@pytest.mark.parametrize("kind", ["nginx", "haproxy", "varnish"])
def test_what_a_client_says_of_its_way_is_not_believed(kind, nodes):
    target = f"/tasks/of-{kind}"
    lies = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=203.0.113.7",
    }
    with balanced(kind, nodes) as url:
        place = url.removeprefix("http://")
        client = http.client.HTTPConnection(place, source_address=(ELSEWHERE, 0))
        with closing(client):
            client.request("GET", "/tasks", headers=lies)
            listed = client.getresponse().read()
            client.request("GET", target, headers=lies)
            client.getresponse().read()
        wait_until(lambda: clients_of(nodes, target), "the request is logged")
    assert json.loads(listed)["_links"]["self"]["href"] == "/tasks"
    assert clients_of(nodes, target) == [ELSEWHERE]


def clients_of(nodes, target):
    """Who asked for the target, as the nodes have logged it."""
    lines = "\n".join(each.log.read_text() for each in nodes).splitlines()
    found = [json.loads(line) for line in lines if target in line]
    return [each["client"] for each in found if each["event"] == "request"]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        pytest.param(head("GET", f"/books?q={'a' * 2047}"), 414, id="a query"),
        pytest.param(head("GET", f"/{'a' * 9_000}"), 414, id="a path"),
        pytest.param(head("GET", "/", X_Long="a" * 17_000), 431, id="a field"),
        pytest.param(
            head("PUT", "/items/x", Content_Length=MEBIBYTE + 1)
            + b" " * (MEBIBYTE + 1),
            413,
            id="a body",
        ),
    ],
)
def test_the_limits_that_clients_meet_are_those_of_the_nodes(message, status, fronts):
    for url in fronts:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), PATIENCE) as sock:
            sock.sendall(message)
            answer = http.client.HTTPResponse(sock)
            answer.begin()
            problem = json.loads(answer.read())
        assert (url, problem["status"]) == (url, status)
        assert problem["instance"].startswith("urn:uuid:")


@pytest.fixture(scope="module")
def fronts(nodes):
    """Both balancers at once."""
    with balanced("nginx", nodes) as one, balanced("haproxy", nodes) as other:
        yield one, other


# The cache.


@pytest.fixture(scope="module")
def tokens(template, tmp_path_factory):
    """A database of which anyone may read some, and the tokens of two callers."""
    database = copy_of(template, tmp_path_factory.mktemp("cached"))
    roles = ("editor", "reader")
    made = all_at_once(2, lambda place: bearer(database, roles[place]))
    return database, dict(made)


def bearer(database, role):
    """The role, and the field that a caller of that role shows."""
    arguments = ["token", "create", "--user", role, "--role", role]
    ended = command(database, *arguments, AUTH="token")
    assert ended.returncode == 0, ended.stderr
    return role, {"Authorization": f"Bearer {ended.stdout.strip()}"}


class Shop:
    """The cache before a node, and how callers ask there."""

    def __init__(self, url, callers):
        self.url = url
        self.callers = callers
        self.book = self.made("/books", title="Emma", author="Jane Austen")

    def made(self, target, **body):
        answer = self.ask(target, "editor", method="POST", json=body)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def ask(self, target, caller=None, *, method="GET", headers=(), **options):
        headers = dict(headers) | self.callers.get(caller, {})
        url = self.url + target
        return requests.request(
            method, url, headers=headers, timeout=PATIENCE, **options
        )


@pytest.fixture(scope="module")
def cached(tokens):
    database, callers = tokens
    with (
        Server(database, AUTH="token", PUBLIC_READS="on") as node,
        balanced("varnish", (node,)) as url,
    ):
        yield Shop(url, callers)


def is_hit(answer):
    """Whether it was answered from the cache: by two numbers instead of one."""
    return len(answer.headers["X-Varnish"].split()) == 2 and "Age" in answer.headers


def test_what_anyone_may_read_is_asked_for_once(cached):
    first, second = cached.ask(cached.book), cached.ask(cached.book)
    assert (is_hit(first), is_hit(second)) == (False, True)
    assert first.content == second.content


def test_the_cache_answers_conditional_requests(cached):
    etag = cached.ask(cached.book).headers["ETag"]
    answer = cached.ask(cached.book, headers={"If-None-Match": etag})
    assert (answer.status_code, is_hit(answer)) == (304, True)
    assert answer.headers["ETag"] == etag


def test_what_is_too_old_is_asked_for_by_its_etag_and_never_shown():
    with pretended(CachedNode) as (node, places), front("varnish", places) as url:
        requests.get(f"{url}/x", timeout=PATIENCE)
        time.sleep(2.1)
        answer = requests.get(f"{url}/x", timeout=PATIENCE)
    assert node.seen["/x", False] == node.seen["/x", True] == 1
    assert (answer.text, int(answer.headers["Age"]) < 2) == ("a", True)


def test_the_formats_of_one_url_are_kept_apart(cached):
    wanted = ("application/hal+json", "text/html", "application/xml")
    for _ in range(2):
        answers = [cached.ask(cached.book, headers={"Accept": w}) for w in wanted]
        found = [each.headers["Content-Type"].split(";")[0] for each in answers]
        assert tuple(found) == wanted
    # Pages have forms, which are each caller's own.
    assert list(map(is_hit, answers)) == [True, False, True]


@pytest.mark.parametrize("suffix", ["", ".xml", "?fields=title"])
def test_after_a_write_the_next_reading_is_new(cached, suffix):
    old = [cached.ask(cached.book + suffix) for _ in range(2)][1]
    title = f"Emma {time.monotonic_ns()}"
    body = {"title": title, "author": "Jane Austen"}
    written = cached.ask(cached.book, "editor", method="PUT", json=body)
    new = cached.ask(cached.book + suffix)
    assert (is_hit(old), written.status_code, is_hit(new)) == (True, 200, False)
    assert title in new.text


def test_after_a_write_what_stands_above_is_new(cached):
    targets = (cached.book, "/books", "/books?limit=1")
    for target in targets:
        cached.ask(target)
    assert all(is_hit(cached.ask(target)) for target in targets)
    cached.made(f"{cached.book}/reviews", rating=4)
    assert [is_hit(cached.ask(target)) for target in targets] == [False] * 3
    assert cached.ask(cached.book).json()["rating"] == 4


def test_a_write_that_was_refused_makes_nothing_new(cached):
    cached.ask(cached.book)
    refused = cached.ask(cached.book, method="DELETE")
    assert (refused.status_code, is_hit(cached.ask(cached.book))) == (401, True)


def test_what_needs_a_token_is_never_kept(cached):
    for _ in range(2):
        answers = [cached.ask("/orders", each) for each in ("editor", "reader", None)]
        assert [each.status_code for each in answers] == [200, 200, 401]
        assert not any(map(is_hit, answers))


def test_answers_to_different_callers_are_never_shared(cached):
    forms = {"Accept": "application/prs.hal-forms+json"}
    for _ in range(2):
        for caller in (None, "editor", "reader", None):
            shown = cached.ask(cached.book, caller, headers=forms)
            assert ("_templates" in shown.json()) == (caller == "editor")
            plain = cached.ask(cached.book, caller)
            kept = plain.headers["Cache-Control"].partition(",")[0]
            assert kept == ("private" if caller else "public")
            assert not (caller and is_hit(plain))
    assert is_hit(plain)


# The files themselves.


def outcome(*arguments, **options):
    """What a program says, after it has ended well."""
    path = shutil.which(arguments[0], path=PATH)
    done = subprocess.run(
        [path, *arguments[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_nginx_accepts_its_file(tmp_path):
    arguments = nginx(tmp_path, free_port(), NODES, {})
    assert "is ok" in outcome(*arguments, "-t")


def test_haproxy_accepts_its_file_without_a_warning():
    said = outcome("haproxy", "-c", "-f", str(DEPLOY / "haproxy.cfg"))
    assert "WARNING" not in said.upper()


def test_varnish_accepts_its_file():
    assert "vcl_backend_response" in outcome(
        "varnishd", "-C", "-f", DEPLOY / "varnish.vcl"
    )


def test_systemd_accepts_its_files_and_little_is_exposed(tmp_path):
    for name in ("waymark.service", "waymark.socket"):
        text = (DEPLOY / name).read_text().replace("/opt/waymark", str(ROOT))
        (tmp_path / name).write_text(text)
    service = str(tmp_path / "waymark.service")
    assert outcome("systemd-analyze", "verify", service) == ""
    bound = "--threshold=15"  # tenths: 1.5 of 10
    outcome("systemd-analyze", "security", "--offline=true", bound, service)


def test_the_server_takes_its_socket_from_systemd(database):
    port = free_port()
    address = f"127.0.0.1:{port}"
    given = environment(database, BIND=address, WORKERS=1)
    names = [name for name in given if name.startswith("WAYMARK_") or name == "PATH"]
    passed = [part for name in names for part in ("-E", name)]
    process = subprocess.Popen(
        [
            *("systemd-socket-activate", f"--listen={address}", *passed),
            *(sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"),
        ],
        cwd=ROOT,
        env=given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: is_open(port), "somebody listens")
        put = requests.put(f"http://{address}/items/a", json={"value": 1}, timeout=20)
        process.send_signal(signal.SIGTERM)
        assert (put.status_code, process.wait(PATIENCE)) == (201, 0)
    finally:
        process.kill()
        process.wait(PATIENCE)
    assert ask(database, "SELECT value FROM items") == [("1",)]


def is_open(port):
    with suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False
