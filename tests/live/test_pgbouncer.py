"""The server behind PgBouncer, which gives each transaction another connection."""

import os
import shutil
import subprocess
from collections import Counter
from contextlib import contextmanager, suppress

import psycopg
import pytest
import requests
from liveserver import PATIENCE, Server, all_at_once, free_port, wait_until

from tests.postgresql import own_folder, running_postgresql

PATH = f"{os.environ['PATH']}:/usr/sbin"
PROGRAM = shutil.which("pgbouncer", path=PATH)
pytestmark = pytest.mark.skipif(
    PROGRAM is None and not os.environ.get("CI"),
    reason="pgbouncer is missing; CI has it",
)
_POOL = 6
"""Fewer than the server has connections to PgBouncer."""
_SETTINGS = """
[databases]
* = host={host}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {pool}
server_reset_query =
"""


@contextmanager
def running_pgbouncer(engine):
    """PgBouncer before the engine; its port."""
    port = free_port()
    with own_folder() as folder:
        (folder / "users").write_text('"waymark" ""\n')
        settings = _SETTINGS.format(
            host=engine.folder, port=port, folder=folder, pool=_POOL
        )
        (folder / "pgbouncer.ini").write_text(settings)
        user = "nobody" if os.geteuid() == 0 else None
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [PROGRAM, folder / "pgbouncer.ini"],
                stdout=log,
                stderr=log,
                user=user,
                extra_groups=[] if user else None,
            )
        try:
            wait_until(lambda: is_answering(port), "PgBouncer answers")
            yield port
        finally:
            process.terminate()
            process.wait(PATIENCE)


def is_answering(port):
    with suppress(psycopg.OperationalError):
        connected(port).close()
        return True
    return False


def connected(port):
    return psycopg.connect(
        host="127.0.0.1", port=port, user="waymark", dbname="shop", connect_timeout=5
    )


@pytest.fixture(scope="module")
def port():
    with running_postgresql("-c listen_addresses= -c fsync=off") as engine:
        engine.migrated("shop")
        with running_pgbouncer(engine) as port:
            yield port


@pytest.fixture(scope="module")
def url(port):
    return f"postgresql+psycopg://waymark@127.0.0.1:{port}/shop"


@pytest.fixture(scope="module")
def node(url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("node")
    bounced = f"{url}?prepare_threshold=none"
    with Server(folder / "node", DATABASE_URL=bounced) as running:
        yield running.url


def load(url, place):
    """Writes and reads of one client; the statuses."""
    told = Counter()
    with requests.Session() as session:
        for count in range(20):
            path = f"{url}/items/k-{place}-{count}"
            for method in ("PUT", "GET", "PUT", "DELETE"):
                value = {"json": {"value": count}} if method == "PUT" else {}
                answer = session.request(method, path, timeout=PATIENCE, **value)
                told[answer.status_code] += 1
            told[session.get(f"{url}/items?limit=2", timeout=PATIENCE).status_code] += 1
    return told


def test_writes_and_reads_of_many_clients_all_succeed(node):
    told = sum(all_at_once(8, lambda place: load(node, place)), Counter())
    assert told == {201: 160, 200: 480, 204: 160}


def test_20_posts_with_one_key_make_one_thing(node):
    def post(_place):
        body, key = {"key": "once", "value": 1}, {"Idempotency-Key": "one"}
        return requests.post(f"{node}/items", json=body, headers=key, timeout=PATIENCE)

    answers = all_at_once(20, post)
    assert {each.status_code for each in answers} <= {201, 409}
    fresh = [each for each in answers if "Idempotency-Replayed" not in each.headers]
    assert [each.status_code for each in fresh].count(201) == 1


def test_exports_are_whole(node):
    for count in range(40):
        sent = {"value": "x" * 20_000}
        requests.put(f"{node}/items/export-{count}", json=sent, timeout=PATIENCE)
    answers = all_at_once(
        4, lambda _: requests.get(f"{node}/items.csv", timeout=PATIENCE)
    )
    assert {each.text.count("export-") for each in answers} == {40}


def test_readiness_is_told(node):
    assert requests.get(f"{node}/health/ready", timeout=PATIENCE).status_code == 200


def test_without_the_setting_statements_are_missing(port):
    """What the tests above would meet if they prepared statements."""

    def ask(_place):
        with connected(port) as connection:
            for _ in range(40):
                connection.execute("SELECT 1 + %s", [1], prepare=True)
                connection.commit()

    with pytest.raises(psycopg.errors.Error, match="prepared statement"):
        all_at_once(8, ask)
