"""Metrics of several processes: their folder, their sum, a port of their own."""

import os
import socket
from pathlib import Path
from urllib.request import urlopen

import pytest

from api.operations import metrics
from api.operations.processes import (
    MULTIPROCESS,
    drop_metrics,
    note_exit,
    serve_metrics,
    share_metrics,
)


@pytest.fixture
def shared(monkeypatch):
    """The folder where processes would count, for one test."""
    monkeypatch.delenv(MULTIPROCESS, raising=False)
    share_metrics()
    yield Path(os.environ[MULTIPROCESS])
    drop_metrics()


def test_the_folder_is_made_once_and_removed_at_the_end(shared):
    share_metrics()
    assert Path(os.environ[MULTIPROCESS]) == shared
    assert shared.is_dir()
    drop_metrics()
    assert not shared.exists()
    assert MULTIPROCESS not in os.environ


def test_what_only_a_living_process_has_is_forgotten(shared):
    left = shared / "gauge_livesum_4711.db"
    kept = shared / "counter_4711.db"
    for each in (left, kept):
        each.write_bytes(b"")
    note_exit(4711)
    assert not left.exists()
    assert kept.exists()


def test_where_processes_share_the_files_are_what_is_told(shared):
    # Nobody has written any: this process counts in memory.
    assert metrics.exposition() == b""


def test_a_port_of_its_own_answers(shared):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server, thread = serve_metrics(f"127.0.0.1:{port}")
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert answer.status == 200
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
