"""Patroni over three servers: writers go on by themselves, and lose nothing.

A database is killed, then a whole node, then a node hangs; the writers' server is told
nothing but the addresses of the three.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
import requests
from acknowledged import Writers, lost, url_of_all
from liveserver import Server, command, free_port, wait_until

from tests.postgresql import PROGRAMS, own_folder

_BIN = Path(sys.executable).parent
_LOCAL = "127.0.0.1"
# The least that Patroni takes for the time after which a silent leader is replaced.
_TTL = 20
_LOOP = 2
_BOOTSTRAP = {
    "dcs": {
        "ttl": _TTL,
        "loop_wait": _LOOP,
        "retry_timeout": 3,
        "synchronous_mode": "quorum",
        # Else writes are acknowledged without a quorum while no standby is there.
        "synchronous_mode_strict": True,
        "postgresql": {
            "use_pg_rewind": True,
            "parameters": {"max_connections": 80, "shared_buffers": "32MB"},
        },
    },
    "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "no-sync"],
}
# Its Python may stand where only root may look.
_AS_NOBODY = (
    *("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)


@contextmanager
def running(arguments, folder):
    """A program in a session of its own, as nobody where root runs the tests."""
    prefix = _AS_NOBODY if os.geteuid() == 0 else ()
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [*prefix, *map(str, arguments)],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        for each in family(process.pid):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        process.wait()


def family(pid):
    """The process and all that descend from it, eldest first."""
    found = [pid]
    for each in found:
        with suppress(FileNotFoundError):
            listed = Path(f"/proc/{each}/task/{each}/children").read_text()
            found.extend(map(int, listed.split()))
    return found


class Node:
    """A Patroni and its PostgreSQL."""

    def __init__(self, name, etcd):
        self.name, self.port, self._api = name, free_port(), free_port()
        self.host = f"{_LOCAL}:{self.port}"
        self._etcd, self._stack, self._process = etcd, ExitStack(), None
        self.folder = None

    def start(self):
        self._process = self._stack.enter_context(
            running([_BIN / "patroni", self.folder / "patroni.json"], self.folder)
        )

    def configure(self, folder):
        self.folder = folder
        trusted = f"{_LOCAL}/32 trust"
        settings = {
            "scope": "shop",
            "name": self.name,
            "restapi": _at(self._api),
            "etcd3": {"hosts": self._etcd},
            "bootstrap": _BOOTSTRAP,
            "postgresql": {
                **_at(self.port),
                "data_dir": str(folder / "data"),
                "bin_dir": str(PROGRAMS),
                "pgpass": str(folder / "pgpass"),
                "authentication": {
                    "superuser": {"username": "waymark"},
                    "replication": {"username": "waymark"},
                },
                "pg_hba": [
                    f"host all all {trusted}",
                    f"host replication all {trusted}",
                ],
                "parameters": {"unix_socket_directories": str(folder)},
            },
        }
        (folder / "patroni.json").write_text(json.dumps(settings))

    def is_leader(self):
        return self._status("leader") == 200

    def is_of_quorum(self):
        return self._status("quorum") == 200

    def _status(self, what):
        with suppress(requests.RequestException):
            url = f"http://{_LOCAL}:{self._api}/{what}"
            return requests.get(url, timeout=1).status_code
        return 0

    def kill_database(self):
        for each in self._database():
            os.kill(each, signal.SIGKILL)

    def kill(self):
        self._signal(signal.SIGSTOP)
        self._signal(signal.SIGKILL)
        self._stack.close()

    def freeze(self):
        self._signal(signal.SIGSTOP)

    def thaw(self):
        self._signal(signal.SIGCONT)

    def _signal(self, number):
        patroni = family(self._process.pid) if self._process.poll() is None else []
        for each in (*patroni, *self._database()):
            with suppress(ProcessLookupError):
                os.kill(each, number)

    def _database(self):
        """PostgreSQL's processes, which are no children of Patroni's."""
        with suppress(FileNotFoundError):
            file = self.folder / "data" / "postmaster.pid"
            return family(int(file.read_text().split()[0]))
        return []

    def connect(self, database):
        return psycopg.connect(
            host=_LOCAL, port=self.port, user="waymark", dbname=database
        )


def _at(port):
    return {"listen": f"{_LOCAL}:{port}", "connect_address": f"{_LOCAL}:{port}"}


@pytest.fixture
def nodes():
    """Three of them, one of which leads."""
    with ExitStack() as stack:
        etcd = stack.enter_context(running_etcd(stack.enter_context(own_folder())))
        made = [Node(f"n{number}", etcd) for number in (1, 2, 3)]
        for each in made:
            each.configure(stack.enter_context(own_folder()))
            each.start()
            stack.callback(each.kill)
        await_all(made)
        yield made


@contextmanager
def running_etcd(folder):
    client, peer = (f"http://{_LOCAL}:{free_port()}" for _ in range(2))
    urls = [
        *("--listen-client-urls", client, "--advertise-client-urls", client),
        *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
        *("--initial-cluster", f"default={peer}"),
    ]
    unsafe = ("--unsafe-no-fsync", "--log-level", "error")
    program = _BIN / "etcd"
    with running([program, "--data-dir", folder / "etcd", *urls, *unsafe], folder):
        yield client.removeprefix("http://")


def leader_of(nodes):
    leading = [each for each in nodes if each.is_leader()]
    return leading[0] if len(leading) == 1 else None


def await_all(nodes):
    """Wait until one leads and the others are of the quorum, for some seconds."""

    def is_steady():
        for _ in range(3 * _LOOP):
            others = sum(each.is_of_quorum() for each in nodes)
            if not leader_of(nodes) or others < len(nodes) - 1 or not has_quorum(nodes):
                return False
            time.sleep(1)
        return True

    wait_until(is_steady, "one leads, the others are of the quorum", 90)


def has_quorum(nodes):
    asked = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum'"
    with suppress(psycopg.OperationalError), leader_of(nodes).connect("postgres") as it:
        return it.execute(asked).fetchone()[0] == len(nodes) - 1
    return False


@contextmanager
def telling(nodes):
    """Show what the nodes said, if the block fails."""
    try:
        yield
    except BaseException:
        for each in nodes:
            lines = (each.folder / "log").read_text().splitlines()[-40:]
            sys.stdout.write("\n".join([each.name, *lines, ""]))
        raise


def test_whatever_happens_to_the_leader_no_acknowledged_write_is_lost(nodes, tmp_path):
    with leader_of(nodes).connect("postgres") as connection:
        connection.autocommit = True
        connection.execute("CREATE DATABASE shop TEMPLATE template0")
    hosts = [each.host for each in nodes]
    urls = {
        "DATABASE_URL": url_of_all(hosts, "read-write"),
        "STANDBY_URL": url_of_all(hosts, "prefer-standby"),
    }
    assert command(tmp_path, "migrate", **urls).returncode == 0
    server = Server(tmp_path / "node", DATABASE_TIMEOUT=8, ACCESS_LOG=False, **urls)
    spent = {}
    with telling(nodes), server, Writers(server.url).at_work() as writers:
        for fault, mend in (
            (Node.kill_database, None),
            (Node.kill, Node.start),
            (Node.freeze, Node.thaw),
        ):
            writers.wait_for(100)
            leader = leader_of(nodes)
            with writers.disturbed():
                fault(leader)
                spent[fault.__name__] = round(writers.wait_for(50, 4 * _TTL), 1)
                if mend is not None:
                    mend(leader)
                await_all(nodes)
        writers.wait_for(100)
    with leader_of(nodes).connect("shop") as connection:
        missing = lost(connection, writers)
    told = f"{len(writers.kept)} acknowledged, {len(missing)} lost, {writers.told}"
    sys.stdout.write(f"{told}, {spent}, {writers.missed_meanwhile}\n")
    assert missing == set()
    assert writers.missed == []
    assert writers.surprises == []
