"""A dump of PostgreSQL, restored as docs/operations.md says."""

import requests
from liveserver import PATIENCE, Server, command

from tests.postgresql import running_postgresql

PATHS = (
    "/",
    "/orders/1",
    "/orders/2.xml",
    "/customers/1",
    "/products?sort=-price",
    "/books?q=the",
    "/items/dumped",
)


def answers(url):
    """What is told at each path, and its tag."""
    told = [requests.get(f"{url}{path}", timeout=PATIENCE) for path in PATHS]
    assert {each.status_code for each in told} == {200}
    return [(each.headers.get("ETag"), each.text) for each in told]


def test_a_restored_dump_answers_as_the_database_did(tmp_path):
    with running_postgresql("-c listen_addresses= -c max_connections=100") as engine:
        before, after = engine.migrated("shop"), engine.create("restored")
        assert command(tmp_path, "load-sample", DATABASE_URL=before).returncode == 0
        with Server(tmp_path / "one", DATABASE_URL=before) as node:
            item = {"value": [1.50, None, "\N{GRINNING FACE}"]}
            requests.put(f"{node.url}/items/dumped", json=item, timeout=PATIENCE)
            dump = engine.folder / "shop.dump"
            where = ("-h", engine.folder, "-U", "waymark")
            engine.run("pg_dump", *where, "-Fc", "-f", dump, "shop")
            told = answers(node.url)
            made = requests.post(f"{node.url}/customers", json=ANN, timeout=PATIENCE)
        engine.run("pg_restore", *where, "--exit-on-error", "-d", "restored", dump)
        with Server(tmp_path / "two", DATABASE_URL=after) as node:
            assert answers(node.url) == told
            again = requests.post(f"{node.url}/customers", json=ANN, timeout=PATIENCE)
        assert again.json()["id"] == made.json()["id"]


ANN = {"name": "Ann", "email": "ann@example.org"}
