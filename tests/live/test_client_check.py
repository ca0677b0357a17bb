"""`waymark check` finds nothing in our own service, with something of each noun."""

import json
import subprocess
import sys

import pytest
from liveserver import ROOT, Server, command, copy_of, environment


@pytest.fixture(scope="module")
def shop(template, tmp_path_factory):
    """A server with the invented sample: books, customers, orders of every status."""
    database = copy_of(template, tmp_path_factory.mktemp("sample"))
    ended = command(database, "load-sample")
    assert ended.returncode == 0, ended.stderr
    with Server(database) as running:
        yield running


def test_our_own_service_has_no_faults(shop):
    words = ("--format", "json", "--each-shape", "1", "--write")
    ended = subprocess.run(
        [sys.executable, "-m", "waymark_client", "check", shop.url, *words],
        cwd=ROOT,
        env={**environment(shop.database), "PYTHONPATH": "client"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    told = json.loads(ended.stdout)
    assert told["findings"] == []
    assert told["requests"] > 200
    assert ended.returncode == 0, ended.stderr
