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


def check(server, *words):
    return subprocess.run(
        [sys.executable, "-m", "waymark_client", "check", server.url, *words],
        cwd=ROOT,
        env={**environment(server.database), "PYTHONPATH": "client"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("words", [(), ("--write",)], ids=["reading", "writing"])
def test_our_own_service_has_no_faults(shop, words):
    ended = check(shop, "--format", "json", "--each-shape", "1", *words)
    told = json.loads(ended.stdout)
    assert told["findings"] == []
    assert told["requests"] > 200
    assert ended.returncode == 0, ended.stderr
