"""The examples of the client do what the READMEs show, and stand there verbatim."""

import re
import subprocess
import sys

import pytest
import requests
from liveserver import ROOT, environment

# Each example stands in one of them, with what it prints below.
READMES = "".join(
    (ROOT / path).read_text(encoding="utf-8")
    for path in ("README.md", "client/README.md")
)
EXAMPLES = sorted((ROOT / "client" / "examples").glob("*.py"))
PRINTED = dict(
    re.findall(r"python client/examples/(\S+) \S+\n(.*?)```", READMES, re.DOTALL)
)
LONGEST = 40


@pytest.fixture(scope="module")
def stocked(server):
    """A shop of 100 books."""
    with requests.Session() as session:
        for number in range(100):
            body = {"title": f"Book {number}", "author": "Somebody"}
            session.post(f"{server.url}/books", json=body, timeout=10)
    return server


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_a_readme_shows(stocked, path):
    done = subprocess.run(
        [sys.executable, path, stocked.url],
        env={**environment(stocked.database), "PYTHONPATH": str(ROOT / "client")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == PRINTED[path.name]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_readme_shows_the_example_as_it_is(path):
    text = path.read_text(encoding="utf-8")
    assert READMES.count(f"{text}```") == 1
    assert len([line for line in text.splitlines() if line.strip()]) < LONGEST
