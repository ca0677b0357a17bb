"""Backups made while others write, and restored as docs/operations.md says."""

import sqlite3
from contextlib import closing
from threading import Event, Thread

import pytest
import requests
from liveserver import Server, command


def writing(url, ended, acknowledged):
    """Add tasks until it is told to end; note each that was acknowledged."""
    with requests.Session() as session:
        while not ended.is_set():
            name = f"t{len(acknowledged)}"
            body = {"description": "x" * 500}
            answer = session.put(f"{url}/tasks/{name}", json=body, timeout=20)
            assert answer.status_code == 201
            acknowledged.append(name)


def test_a_backup_of_a_busy_shop_is_whole_and_can_be_served(database, tmp_path):
    command(database, "load-sample")
    copy, ended, acknowledged = tmp_path / "copy.db", Event(), []
    with Server(database) as server:
        writer = Thread(target=writing, args=(server.url, ended, acknowledged))
        writer.start()
        try:
            while len(acknowledged) < 20:
                pass
            before = list(acknowledged)
            made = command(database, "backup", str(copy))
        finally:
            ended.set()
            writer.join()
        tag = requests.get(f"{server.url}/orders/1", timeout=10).headers["ETag"]
    assert made.returncode == 0, made.stderr
    assert "copy.db is whole." in made.stdout
    assert [each.name for each in tmp_path.glob("copy.db*")] == ["copy.db"]
    with Server(copy) as restored:
        page = requests.get(f"{restored.url}/tasks?limit=1", timeout=10).json()
        assert len(before) <= page["total"] <= len(acknowledged)
        for name in before:
            answer = requests.get(f"{restored.url}/tasks/{name}", timeout=10)
            assert answer.status_code == 200
        order = requests.get(
            f"{restored.url}/orders/1", headers={"If-None-Match": tag}, timeout=10
        )
        assert order.status_code == 304
        new = {"description": "after"}
        made = requests.post(f"{restored.url}/tasks", json=new, timeout=10)
        assert made.status_code == 201


def damaged(path):
    octets = bytearray(path.read_bytes())
    octets[8192:12288] = b"\xff" * 4096
    path.write_bytes(octets)


def miscounted(path):
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE counters SET total = 7 WHERE collection = 'tasks'")
        database.commit()


def of_another_version(path):
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
        database.commit()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (damaged, "is damaged"),
        (miscounted, "tasks: 1 rows are counted as 7"),
        (of_another_version, "another version"),
        (lambda path: path.write_bytes(b"nonsense" * 999), "can't be read"),
        (lambda path: path.unlink(), "there is no file"),
    ],
    ids=["torn", "miscounted", "another version", "no database", "no file"],
)
def test_a_backup_that_is_not_whole_is_told(database, tmp_path, damage, told):
    with Server(database) as server:
        requests.put(f"{server.url}/tasks/a", json={"description": "x"}, timeout=10)
    copy = tmp_path / "copy.db"
    assert command(database, "backup", str(copy)).returncode == 0
    damage(copy)
    checked = command(database, "backup", "--check", str(copy))
    assert checked.returncode != 0
    assert told in checked.stderr


def test_a_backup_that_can_t_be_written_leaves_nothing(database, tmp_path):
    nowhere = tmp_path / "none" / "copy.db"
    made = command(database, "backup", str(nowhere))
    assert made.returncode != 0
    assert "Traceback" not in made.stderr
    assert not nowhere.parent.exists()
