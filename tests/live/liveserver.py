"""A real server in processes of its own, and the plain sockets to talk to it."""

import http.client
import os
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import requests

ROOT = Path(__file__).parents[2]
PATIENCE = 20
"""Seconds after which a test gives up waiting for anything."""
WORKERS = 2
_CONFIGURATION = """
exec(open("gunicorn.conf.py").read())

def post_fork(server, worker):
    import api.server
    for name, value in {limits!r}.items():
        getattr(api.server, name)
        setattr(api.server, name, value)
"""


class Raw(NamedTuple):
    """An answer as it came over a plain socket."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def is_problem(self):
        return self.headers["Content-Type"] == "application/problem+json"


class Server:
    """gunicorn with our configuration, always on the same database and port.

    `limits` are constants of `api.server` that shall have other values.
    """

    def __init__(self, database, *, limits=None, **settings):
        self.database = database
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = database.with_name(f"{self.port}.log")
        self._configuration = "gunicorn.conf.py"
        self._environment = environment(
            database, BIND=f"127.0.0.1:{self.port}", WORKERS=WORKERS, **settings
        )
        self._process = None
        self._lines_before = 0
        if limits:
            path = database.with_name(f"{self.port}.conf.py")
            path.write_text(_CONFIGURATION.format(limits=limits))
            self._configuration = str(path)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self, *, is_complete=True):
        """Start it and wait until it answers, with all its workers or just one."""
        self._lines_before = self._count_of_listening()
        command = [sys.executable, "-m", "gunicorn", "-c", self._configuration]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait_until(self.is_answering, "the server answers")
            if is_complete:
                wait_until(self.is_complete, "all its workers listen")
        except BaseException:
            self.kill()
            raise

    def is_answering(self):
        if self._process.poll() is not None:
            raise AssertionError(f"it did not start: {self.log.read_text()}")
        with suppress(requests.ConnectionError):
            # Where tokens are asked for, who has none is answered too.
            return requests.get(self.url, timeout=PATIENCE).status_code in {200, 401}
        return False

    def is_complete(self):
        return self._count_of_listening() - self._lines_before == WORKERS

    def _count_of_listening(self):
        if not self.log.exists():
            return 0
        return self.log.read_text().count("ASGI server listening")

    @property
    def pid(self):
        """The id of its first process."""
        return self._process.pid

    def signal(self, number):
        """Send a signal to the first process, as an operator would."""
        self._process.send_signal(number)

    def workers(self):
        """The ids of its worker processes."""
        pid = self._process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return {int(each) for each in listed.split()}

    def kill_worker(self):
        """Kill one of its worker processes."""
        os.kill(min(self.workers()), signal.SIGKILL)

    def kill(self):
        """Kill all its processes at once, and wait until the last of them is gone."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.await_end()

    def stop(self):
        """Ask it to end, and wait for it; the exit status."""
        self.signal(signal.SIGTERM)
        return self.await_end()

    def await_end(self):
        """Wait until its last process is gone; the exit status."""
        process = self._process
        deadline = time.monotonic() + PATIENCE
        # Each of its processes holds the pipe, so the pipe ends with the last of them.
        with process.stdout as pipe:
            while select.select([pipe], [], [], max(deadline - time.monotonic(), 0))[0]:
                if not os.read(pipe.fileno(), 65_536):
                    self._process = None
                    return process.wait(PATIENCE)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
        self._process = None
        raise AssertionError("it does not end")

    @contextmanager
    def connection(self):
        """A plain socket to the server."""
        address = ("127.0.0.1", self.port)
        with socket.create_connection(address, PATIENCE) as sock:
            yield sock

    def exchange(self, message, method="GET"):
        """The answer to octets that need not be HTTP."""
        with self.connection() as sock:
            sock.sendall(message)
            return answer_on(sock, method)


def answer_on(sock, method="GET"):
    """The next answer on a plain socket."""
    with closing(http.client.HTTPResponse(sock, method=method)) as answer:
        answer.begin()
        return Raw(answer.status, answer.headers, answer.read())


def head(method, target, **headers):
    """The head of a request, with a Host and what is given besides."""
    given = {"Host": "localhost", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in given.items()]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode()


def chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def environment(database, **settings):
    """The environment of a process whose settings are these and no others."""
    kept = {name: value for name, value in os.environ.items() if "WAYMARK" not in name}
    named = {f"WAYMARK_{name}": str(value) for name, value in settings.items()}
    return {**kept, "WAYMARK_DATABASE_URL": url_of(database)} | named


def url_of(database):
    return f"sqlite:///{database}"


def command(database, *arguments, **settings):
    """An operator's command, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "api", *map(str, arguments)],
        cwd=ROOT,
        env=environment(database, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def migrated(path):
    """The path, at which there is now an empty database in its newest form."""
    ended = command(path, "migrate")
    assert ended.returncode == 0, ended.stderr
    return path


def copy_of(template, folder):
    """The path of a copy of the database in the folder."""
    return Path(shutil.copy(template, folder / "shop.db"))


def ask(database, statement, *values):
    """The rows that a statement gives on the database file itself."""
    with closing(sqlite3.connect(database, timeout=PATIENCE)) as connection:
        return connection.execute(statement, values).fetchall()


def wait_until(is_so, what, seconds=PATIENCE):
    """Look again and again until it is so, but not for ever."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} seconds"
        time.sleep(0.02)


def all_at_once(number, function):
    """What the function gives in each of so many threads, which begin together."""
    barrier = threading.Barrier(number)
    outcomes = []

    def run(place):
        barrier.wait(PATIENCE)
        try:
            outcomes.append(function(place))
        except BaseException as ex:  # noqa: BLE001 - it is raised below
            outcomes.append(ex)

    threads = [
        threading.Thread(target=run, args=(place,), daemon=True)
        for place in range(number)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    assert len(outcomes) == number, "not every thread came to its end"
    return outcomes
