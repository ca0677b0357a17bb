"""Real servers that ask for tokens: who is let in, what is logged, what never is."""

import json
import os
import random
import re
import select
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import time
from base64 import b64encode
from collections import Counter
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from itertools import count

import pytest
import requests
from liveserver import (
    PATIENCE,
    ROOT,
    Server,
    all_at_once,
    answer_on,
    ask,
    command,
    copy_of,
    environment,
    free_port,
    head,
    wait_until,
)

from api.authentication.tokens import digest_of, new_token
from api.roles import GRANTED

MEBIBYTE = 1024 * 1024
RESET = struct.pack("ii", 1, 0)
SERVE = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"]


class Watched(Server):
    """A server all of whose output is kept."""

    def output(self):
        """Let it end; all that it printed and logged."""
        self.signal(signal.SIGTERM)
        pipe, printed = self._process.stdout.fileno(), b""
        while select.select([pipe], [], [], PATIENCE)[0]:
            part = os.read(pipe, 65_536)
            if not part:
                break
            printed += part
        self.await_end()
        return printed.decode() + self.log.read_text(encoding="utf-8")

    def lines(self, event):
        """The lines of the log about such an event, after its end."""
        lines = map(json.loads, self.log.read_text(encoding="utf-8").splitlines())
        return [each for each in lines if each["event"] == event]


@pytest.fixture(scope="module")
def guarded(template, tmp_path_factory):
    """A running server that asks for tokens."""
    database = copy_of(template, tmp_path_factory.mktemp("guarded"))
    with Server(database, AUTH="token", ACCESS_LOG=False) as running:
        yield running


def create_token(database, user="ada", role="editor", *more):
    """A new token, made by the command line."""
    arguments = ["token", "create", "--user", user, "--role", role, *more]
    ended = command(database, *arguments, AUTH="token")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def bearer(token, **headers):
    return {"Authorization": f"Bearer {token}", **headers}


def change(database, *statements):
    """Change the database file itself, behind the server's back."""
    with closing(sqlite3.connect(database, PATIENCE, isolation_level=None)) as own:
        own.execute("PRAGMA writable_schema=ON")
        for each in statements:
            own.execute(each)


# What is logged, and what never is.


class Secrets:
    """Words that must not be found in any output, each of them new."""

    def __init__(self, *known):
        self.all = [*known]

    def new(self, form="{}"):
        word = f"zq{len(self.all)}{random.getrandbits(60):x}"
        self.all.append(word)
        return form.format(word)

    def token(self):
        """A token that is well-formed but nobody's."""
        token = new_token()
        self.all += [token, token[12:], digest_of(token)]
        return token

    def found_in(self, output):
        return [each for each in self.all if each.lower() in output.lower()]


def test_no_output_of_the_server_holds_a_secret_whatever_goes_wrong(database):
    admin = create_token(database, "cleo", "admin")
    limits = {"HEAD_SECONDS": 1, "BODY_SECONDS": 1}
    settings = {"AUTH": "token", "LOG_LEVEL": "DEBUG", "TRUSTED_PROXIES": "127.0.0.1"}
    secrets = Secrets(admin, admin[12:], digest_of(admin))
    with Watched(database, limits=limits, **settings) as server:
        met = provoke_refusals(server, secrets)
        met |= provoke_problems(server, bearer(admin), secrets)
        met |= provoke_breaks_on_the_wire(server, secrets)
        met |= provoke_failures(server, bearer(admin), secrets)
        output = server.output()
    assert met >= {400, 401, 404, 408, 409, 412, 413, 414, 415, 422, 431, 500, 503}
    assert "a request crashed" in output
    assert "the database can't be read" in output
    assert "cleo" in output
    assert secrets.found_in(output) == []
    frames = list(frames_in(map(json.loads, server.log.read_text().splitlines())))
    assert frames
    assert not any(each.get("locals") for each in frames)


def frames_in(lines):
    for line in lines:
        for told in line.get("exception") or []:
            yield from told["frames"]


def provoke_refusals(server, secrets):
    """Statuses of requests by those who are not let in."""
    token, password = secrets.token(), secrets.new()
    basic = b64encode(f"ada:{password}".encode()).decode()
    secrets.all.append(basic)
    credentials = [
        f"Bearer {token}",
        f"Bearer {token[:-1]}",
        f"Bearer {secrets.new()}",
        f"Bearer {secrets.new()} {secrets.new()}",
        f"Bearer {secrets.new('{}=' + 'x' * 9000)}",
        f"Token {secrets.token()}",
        f"Digest username={secrets.new()}",
        f"Basic {basic}",
        secrets.new(),
    ]
    answers = [
        requests.get(server.url, headers={"Authorization": each}, timeout=PATIENCE)
        for each in credentials
    ]
    query = {"access_token": secrets.token(), "q": secrets.new()}
    cookie = {"Cookie": f"session={secrets.token()}"}
    form = {"access_token": secrets.token(), "_back": f"/{secrets.new()}"}
    page = {"Accept": "text/html"}
    books = f"{server.url}/books"
    answers += [
        requests.get(books, params=query, headers=cookie, timeout=PATIENCE),
        requests.post(books, data=form, timeout=PATIENCE),
        requests.post(books, data=form, headers=page, timeout=PATIENCE),
    ]
    assert {each.status_code for each in answers} == {401}
    return {401}


def provoke_problems(server, known, secrets):
    """Statuses of what is wrong with requests of one who is let in."""

    def send(method, path, body=None, headers=(), **more):
        fields = {**known, "Content-Type": "application/json", **dict(headers)}
        return requests.request(
            method, server.url + path, data=body, headers=fields, timeout=30, **more
        ).status_code

    password = secrets.new
    key = {"Idempotency-Key": password()}
    task = json.dumps({"description": password()})
    other = json.dumps({"description": password()})
    user = {"name": password(), "email": password("{}@example.org")}
    met = {
        send("POST", "/books", password('{{"title": "{}"')),
        send("POST", "/books", json.dumps({password(): password()})),
        send("POST", "/books", json.dumps({"title": [password()], "isbn": password()})),
        send("POST", "/books", password("{}"), {"Content-Type": password("x/{}")}),
        send("POST", "/books", password("<a>{}"), {"Content-Type": "text/xml"}),
        send("POST", "/tasks", task, key),
        send("POST", "/tasks", task, key),
        send("POST", "/tasks", other, key),
        send("POST", "/tasks", task, {"Idempotency-Key": password("ä{}").encode()}),
        send("POST", "/users", json.dumps(user)),
        send("POST", "/users", json.dumps(user)),
        send("PUT", "/items/a", '{"value": 1}', {"If-Match": password('"{}"')}),
        send("PATCH", "/users/1", password('[{{"op": "{}"}}]')),
        send("GET", f"/books?access_token={secrets.token()}&{password()}=1"),
        send("GET", f"/books?cursor={password()}&q={password()}"),
        send("GET", "/nowhere", headers={"Accept": password("a/{}")}),
        send("GET", "/", headers={"X-Forwarded-Prefix": password("//{}/..")}),
        send("GET", "/", headers={"X-Forwarded-For": password(), "Prefer": password()}),
        send("POST", "/books", password("{}" + " " * MEBIBYTE)),
        send("GET", f"/books?q={password()}{'x' * 2048}"),
        send("GET", "/", headers={"X-Long": password() * 999}),
    }
    page = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
    for form in ("_method=PUT&rating={}", "_method={}", "title={}&author=%ff"):
        met.add(send("POST", "/books", password(form), page))
    return met


def provoke_breaks_on_the_wire(server, secrets):
    """Statuses of what is hardly HTTP, or comes too slowly."""
    word = secrets.new
    token = f"Bearer {secrets.token()}"
    messages = [
        word("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n").encode(),
        word("GET / HTTP/1.1\r\nHost: a\r\nAuthorization : Bearer {}\r\n\r\n").encode(),
        word("GET / HTTP/1.1\r\nHost: a\r\nX: a\x00{}\r\n\r\n").encode(),
        word("{}\r\n\r\n").encode(),
        word("GET / {}\r\n\r\n").encode(),
        head("POST", "/items", Content_Length=word()),
        head("POST", "/items", Transfer_Encoding=word(), Authorization=token),
        head("GET", "/", X_Long=word("{}" + "a" * 99_999), Authorization=token),
        head("GET", f"/?token={word()}{'a' * 99_999}"),
        # These are never sent to their end.
        f"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\nX".encode(),
        head("PUT", "/items/a", Content_Length=99, Authorization=token) + b"{",
    ]
    return {server.exchange(each).status for each in messages}


def provoke_failures(server, known, secrets):
    """Statuses of requests to a database that someone damages meanwhile."""
    database, word = server.database, secrets.new
    person = {"name": word(), "email": word("{}@example.org"), "phone": word()}

    def send(method, path, body=None):
        url = server.url + path
        return requests.request(
            method, url, json=body, headers=known, timeout=PATIENCE
        ).status_code

    assert send("POST", "/customers", person) == 201
    change(
        database,
        "CREATE TRIGGER refusal BEFORE INSERT ON items "
        "BEGIN SELECT RAISE(ABORT, 'refused'); END",
        "ALTER TABLE products RENAME TO lost",
    )
    item = {"key": word(), "value": {word(): word()}}
    product = {"sku": word(), "name": word(), "price": "1.00", "currency": "EUR"}
    met = {
        send("POST", "/items", item),
        send("POST", "/products", product),
        send("GET", f"/products?sku={word()}"),
    }
    damage(database, "customers")
    change(database, "UPDATE counters SET version = version")
    other = {**person, "email": word("{}@example.org")}
    met |= {
        send("POST", "/customers", other),
        send("PUT", "/customers/1", other),
        send("GET", f"/customers?name={word()}"),
    }
    change(database, "ALTER TABLE tokens RENAME TO stolen")
    met.add(send("GET", "/"))
    stranger = bearer(secrets.token())
    met.add(requests.get(server.url, headers=stranger, timeout=PATIENCE).status_code)
    return met


def damage(database, table):
    """Overwrite the first page of the table."""
    change(database, "PRAGMA wal_checkpoint(TRUNCATE)")
    ((page,),) = ask(
        database, "SELECT rootpage FROM sqlite_schema WHERE name = ?", table
    )
    ((size,),) = ask(database, "PRAGMA page_size")
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


# Nobody is asked who they are on loopback only.


@pytest.fixture
def taken():
    """A port that is taken, so that who opens a socket on it must complain."""
    with socket.create_server(("0.0.0.0", 0)) as holder:  # noqa: S104 - the fault itself
        yield holder.getsockname()[1]


@pytest.mark.parametrize(
    ("settings", "arguments", "by_environment"),
    [
        pytest.param({"BIND": "0.0.0.0:{0}"}, [], "", id="setting"),
        pytest.param({"BIND": "[::]:{0}"}, [], "", id="IPv6"),
        pytest.param({}, ["--bind", "0.0.0.0:{0}"], "", id="argument"),
        pytest.param({}, [], "--bind 0.0.0.0:{0}", id="GUNICORN_CMD_ARGS"),
        pytest.param({}, ["--bind", ":{0}"], "", id="no host"),
        pytest.param(
            {}, ["--bind", "127.0.0.1:{0}", "--bind", "0.0.0.0:{0}"], "", id="two"
        ),
    ],
)
def test_beyond_loopback_a_server_that_asks_for_no_token_does_not_start(
    database, taken, settings, arguments, by_environment
):
    named = {name: value.format(taken) for name, value in settings.items()}
    ended = subprocess.run(
        [*SERVE, *(each.format(taken) for each in arguments)],
        cwd=ROOT,
        env={
            **environment(database, **named),
            "GUNICORN_CMD_ARGS": by_environment.format(taken),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    # It would have said so of the port that is taken.
    assert "in use" not in ended.stderr
    told = [line for line in ended.stderr.splitlines() if "WAYMARK_AUTH" in line]
    assert len(told) == 1
    assert f":{taken} is not on loopback" in told[0]


def test_where_only_this_machine_comes_a_server_starts(database, tmp_path):
    port, path = free_port(), str(tmp_path / "socket")
    places = {
        f"unix:{path}": (socket.AF_UNIX, path),
        f"[::1]:{port}": (socket.AF_INET6, ("::1", port)),
        f"localhost:{port}": (socket.AF_INET, ("127.0.0.1", port)),
    }
    with process(database, *places):
        for family, address in places.values():
            wait_until(lambda: connects(family, address), "it listens")  # noqa: B023
            with socket.socket(family) as sock:
                sock.settimeout(PATIENCE)
                sock.connect(address)
                sock.sendall(head("GET", "/", Host="localhost"))
                assert answer_on(sock).status == 200


@contextmanager
def process(database, *binds):
    """A server of one worker at these places, which is ended with the block."""
    running = subprocess.Popen(
        [*SERVE, *(f"--bind={each}" for each in binds)],
        cwd=ROOT,
        env=environment(database, WORKERS=1),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        running.terminate()
        running.wait(PATIENCE)


def connects(family, address):
    with suppress(OSError), socket.socket(family) as sock:
        sock.connect(address)
        return True
    return False


# Tokens of the command line.


def test_a_token_counts_in_all_workers_until_it_is_revoked_or_over(guarded):
    database = guarded.database
    revoked = create_token(database, "eve")
    over = create_token(database, "eve", "reader", "--expires", "1h")
    for token in (revoked, over):
        assert statuses_by_each_worker(guarded, token) == [200, 200]
    ((number,),) = ask(
        database, "SELECT id FROM tokens WHERE digest = ?", digest_of(revoked)
    )
    assert command(database, "token", "revoke", number).returncode == 0
    change(
        database,
        "UPDATE tokens SET expires = '2020-01-01T00:00:00.000000Z' "  # noqa: S608
        f"WHERE digest = '{digest_of(over)}'",
    )
    for token in (revoked, over):
        assert statuses_by_each_worker(guarded, token) == [401, 401]


def test_who_is_registered_with_a_lesser_role_has_that_in_all_workers(guarded):
    token = create_token(guarded.database, "fay", "admin")
    assert statuses_by_each_worker(guarded, token, "/users") == [200, 200]
    user = {"name": "fay", "email": "fay@example.org", "role": "reader"}
    users = f"{guarded.url}/users"
    made = requests.post(users, json=user, headers=bearer(token), timeout=PATIENCE)
    assert made.status_code == 201
    assert statuses_by_each_worker(guarded, token, "/users") == [403, 403]


def statuses_by_each_worker(server, token, path="/books"):
    """What each worker answers, while the others are stopped."""
    workers = sorted(server.workers())
    return [status_by(server, workers, each, token, path) for each in workers]


def status_by(server, workers, worker, token, path):
    others = [each for each in workers if each != worker]
    for each in others:
        os.kill(each, signal.SIGSTOP)
    try:
        url = server.url + path
        return requests.get(url, headers=bearer(token), timeout=PATIENCE).status_code
    finally:
        for each in others:
            os.kill(each, signal.SIGCONT)


def test_a_thousand_bad_tokens_open_nothing_and_hold_up_nobody(guarded):
    good = bearer(create_token(guarded.database, "gil", "reader"))
    books, took = f"{guarded.url}/books", []

    def guess(_place):
        with closing(HTTPConnection("127.0.0.1", guarded.port, PATIENCE)) as guessing:
            return [status_of(guessing, bearer(new_token())) for _ in range(250)]

    def read(_place):
        for _ in range(20):
            begin = time.monotonic()
            answer = requests.get(books, headers=good, timeout=PATIENCE)
            took.append(time.monotonic() - begin)
            assert answer.status_code == 200

    given = all_at_once(5, lambda place: guess(place) if place else read(place))
    guesses = [status for each in given if each for status in each]
    assert len(guesses) == 1000
    assert set(guesses) <= {401, 429}
    assert max(took) < 3
    assert requests.get(books, headers=good, timeout=PATIENCE).status_code == 200


def status_of(connection, headers):
    connection.request("GET", "/books", headers=headers)
    with connection.getresponse() as answer:
        answer.read()
        return answer.status


# The audit log.

FIELDS = ("who", "role", "method", "noun", "keys", "from", "to")
_VERSION = re.compile(r'"(\d+)-')


def test_every_acknowledged_write_has_one_line_and_no_refused_one_has_any(database):
    tokens = {role: create_token(database, role, role) for role in GRANTED}
    with Watched(database, AUTH="token") as server:
        writer = RandomWriter(server.url, tokens)
        for _ in range(120):
            writer.write()
        server.output()
    lines = server.lines("write")
    told = Counter(json.dumps([line[name] for name in FIELDS]) for line in lines)
    assert told == Counter(map(json.dumps, writer.expected))
    assert len(told) > 60
    assert len(writer.refused) > 9
    answered = {line["request_id"]: line for line in server.lines("request")}
    assert len({line["request_id"] for line in lines}) == len(lines)
    for line in lines:
        request = answered[line["request_id"]]
        assert 200 <= request["status"] < 300
        assert request["method"] == line["method"]


class RandomWriter:
    """Writes whatever comes to its mind, and keeps what the audit log must say."""

    def __init__(self, url, tokens):
        self.url, self.tokens = url, tokens
        self.choose = random.Random(11)
        self.numbers = count(1)
        self.there = {}
        self.session = requests.Session()
        self.expected, self.refused = [], []

    def write(self):
        self.choose.choice(
            [self.make, self.make, self.replace, self.patch, self.delete, self.fail]
        )()

    def send(self, role, method, path, body=None, **headers):
        fields = bearer(self.tokens[role], **headers)
        return self.session.request(
            method, self.url + path, json=body, headers=fields, timeout=PATIENCE
        )

    def note(self, answer, role, method, path, before):
        """Keep what an acknowledged write made of what stood at the path."""
        noun = {"items": "item", "tasks": "task", "books": "book"}[path.split("/")[1]]
        key = path.rpartition("/")[2]
        keys = [int(key) if noun == "book" else key]
        after = None
        if method != "DELETE":
            after = int(_VERSION.match(answer.headers["ETag"])[1])
        self.expected.append([role, role, method, noun, keys, before, after])
        if after is None:
            del self.there[path]
        else:
            self.there[path] = after

    def make(self):
        role, number = self.choose.choice(["editor", "admin"]), next(self.numbers)
        path, method, body = self.choose.choice(
            [
                (f"/items/i{number}", "PUT", {"value": number}),
                (f"/items/i{number}", "POST", {"value": number}),
                (f"/tasks/t{number}", "PUT", {"description": f"{number}"}),
                ("/tasks", "POST", {"description": f"{number}"}),
                ("/books", "POST", {"title": f"{number}", "author": "a"}),
            ]
        )
        key = {"Idempotency-Key": f"k{number}"} if method == "POST" else {}
        answer = self.send(role, method, path, body, **key)
        assert answer.status_code == 201
        self.note(answer, role, method, answer.headers["Location"], None)
        if key:
            again = self.send(role, method, path, body, **key)
            assert again.headers["Idempotency-Replayed"] == "true"

    def replace(self):
        self.change("PUT")

    def patch(self):
        self.change("PATCH")

    def change(self, method):
        path, number = self.any_path(), next(self.numbers)
        if path is None:
            return
        name = {"items": "value", "tasks": "description", "books": "title"}
        body = {name[path.split("/")[1]]: f"changed {number}"}
        if method == "PUT" and path.startswith("/books"):
            body["author"] = "b"
        before, role = self.there[path], self.choose.choice(["editor", "admin"])
        answer = self.send(role, method, path, body, Prefer="return=minimal")
        assert answer.status_code == 204
        self.note(answer, role, method, path, before)

    def delete(self):
        path = self.any_path()
        if path is not None:
            answer = self.send("editor", "DELETE", path)
            assert answer.status_code == 204
            self.note(answer, "editor", "DELETE", path, self.there[path])

    def fail(self):
        path = self.any_path() or "/items/none"
        answer = self.choose.choice(
            [
                lambda: self.send("reader", "PUT", path, {"value": 1}),
                lambda: self.send("editor", "PUT", path, {"nonsense": 1}),
                lambda: self.send("editor", "DELETE", path, **{"If-Match": '"0-json"'}),
                lambda: self.send("editor", "POST", "/users", {"name": "x"}),
                lambda: self.send("admin", "DELETE", "/tasks/none"),
                lambda: self.send("admin", "POST", "/orders", {}),
            ]
        )()
        assert 400 <= answer.status_code < 500, answer.text
        self.refused.append(answer)

    def any_path(self):
        return self.choose.choice(sorted(self.there)) if self.there else None


def test_a_write_is_told_though_its_client_went_away_at_once(database):
    token = create_token(database)
    keys = [f"gone-{n}" for n in range(30)]
    with Watched(database, AUTH="token") as server:
        for key in keys:
            body = json.dumps({"value": key}).encode()
            fields = {"Authorization": f"Bearer {token}", "Content_Length": len(body)}
            with server.connection() as sock:
                sock.sendall(head("PUT", f"/items/{key}", **fields) + body)
                if int(key[5:]) % 2:
                    # The end is then a reset, in place of a polite farewell.
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        server.output()
    written = ask(database, "SELECT key, version FROM items")
    lines = [(*line["keys"], line["to"]) for line in server.lines("write")]
    assert sorted(lines) == sorted(written)
    assert len(written) > 9


def test_a_socket_that_is_handed_over_is_looked_at_too(database):
    """As systemd does it: the socket is there before the server (sd_listen_fds)."""
    with socket.create_server(("0.0.0.0", 0)) as given:  # noqa: S104 - the fault itself
        code = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3, inheritable=True);"
            "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()));"
            "os.execv(sys.executable, [sys.executable, '-m', 'gunicorn', '-c',"
            " 'gunicorn.conf.py'])"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code, str(given.fileno())],
            cwd=ROOT,
            env=environment(database, BIND="127.0.0.1:0"),
            pass_fds=[given.fileno()],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert ended.returncode != 0
    assert "is not on loopback" in ended.stderr


def test_settings_that_open_the_door_at_a_reload_end_the_server(database, tmp_path):
    """The address was given to gunicorn, so only the server itself can see it."""
    port = free_port()
    dotenv = tmp_path / ".env"
    dotenv.write_text("WAYMARK_AUTH=token\n")
    for name in ("api", "schemas", "gunicorn.conf.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"]
        + ["--bind", f"0.0.0.0:{port}"],
        cwd=tmp_path,
        env=environment(database),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        url = f"http://127.0.0.1:{port}/books"

        def is_guarded():
            with suppress(requests.ConnectionError):
                return requests.get(url, timeout=5).status_code == 401
            return False

        wait_until(is_guarded, "it asks for tokens")
        dotenv.write_text("WAYMARK_AUTH=open\n")
        server.send_signal(signal.SIGHUP)
        _, told = server.communicate(timeout=30)
    finally:
        if server.poll() is None:
            server.kill()
    assert server.returncode != 0
    assert "is not on loopback" in told
