"""The README does what it says: its walk is walked, its noun is added."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCES = ("api", "schemas", "tests", "gunicorn.conf.py", "pyproject.toml")
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
NEW_FILE = re.compile(r"```python\n# (\S+)\n(.*?)```", re.DOTALL)
DIFF = re.compile(r"```diff\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a real server with the whole catalogue."""
    folder = tmp_path_factory.mktemp("readme")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = {
        **os.environ,
        "WAYMARK_DATABASE_URL": f"sqlite:///{folder}/shop.db",
        "WAYMARK_BIND": address,
        "WAYMARK_WORKERS": "1",
    }
    for command in ("migrate", "load-catalogue"):
        api = [sys.executable, "-m", "api", command]
        subprocess.run(api, cwd=ROOT, env=settings, check=True, capture_output=True)
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            gunicorn, cwd=ROOT, env=settings, stdout=log, stderr=log
        )
    try:
        wait_for(address)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def wait_for(address):
    for _ in range(600):
        try:
            requests.get(f"http://{address}/", timeout=5)
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(address)


def walk():
    """The commands of the README's walk, each with what it is said to print."""
    for block in CONSOLE.findall(README):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            yield command, printed


def test_every_command_of_the_walk_prints_what_is_said(server):
    steps = list(walk())
    assert len(steps) >= 10
    script = "\n".join(
        f"{command}\nprintf '\\n=====%s=====\\n' {place}"
        for place, (command, _) in enumerate(steps)
    ).replace("127.0.0.1:8000", server)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = re.split(r"\n=====\d+=====\n", done.stdout)
    for (command, said), got in zip(steps, printed, strict=False):
        assert matches(said, got), (command, got)


def matches(said, got):
    """Whether the text says what was said, where `...` stands for anything."""
    parts = [re.escape(part) for part in said.replace("\r", "").strip().split("...")]
    return re.match(r".*".join(parts), got.replace("\r", ""), re.DOTALL) is not None


def test_the_search_of_the_walk_finds_the_whale(server):
    found = requests.get(f"http://{server}/books?q=moby+dick+whale&limit=1", timeout=9)
    assert "Moby" in found.json()["_embedded"]["item"][0]["title"]


def test_the_catalogue_is_whole(server):
    page = requests.get(f"http://{server}/books?limit=1", timeout=9).json()
    assert page["total"] == 78_766


def test_the_readme_s_noun_takes_its_steps_and_no_more(tmp_path):
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__", "live", "architecture")
            shutil.copytree(source, tmp_path / name, ignore=ignore)
        else:
            shutil.copy(source, tmp_path / name)
    files = dict(NEW_FILE.findall(README))
    changes = changed_lines()
    added = [line for lines in changes.values() for line in lines if line[0] == "+"]
    assert len(files) <= 5
    assert sum(text.count("\n") for text in files.values()) + len(added) <= 150
    assert len(added) <= 6
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name, lines in changes.items():
        edit(tmp_path / name, lines)
    tests = ["tests/nouns", "tests/contract/test_crawl.py"]
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    only = ["-k", "shelf or crawl"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "PYTEST"))}
    done = subprocess.run(
        [*pytest_, *only],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "test_shelf" in done.stdout or " passed" in done.stdout


def changed_lines():
    """The lines to add and to replace, by file."""
    found = {}
    for line in DIFF.findall(README)[0].splitlines():
        if line.startswith("--- a/"):
            lines = found[line.removeprefix("--- a/")] = []
        else:
            lines.append(line)
    return found


def edit(path, lines):
    """Add the lines behind the last of their kind, or in the place of the old one."""
    text = path.read_text(encoding="utf-8").splitlines()
    old = [line[1:] for line in lines if line[0] == "-"]
    new = [line[1:] for line in lines if line[0] == "+"]
    for line in old:
        place = text.index(line)
        text[place] = new.pop()
    anchors = {
        "api/uris.py": '    "items"',
        "api/hypermedia/relations.py": '    Relation("wm:items"',
    }
    for line in new:
        start = next(
            (each for name, each in anchors.items() if str(path).endswith(name)),
            "from ",
        )
        place = max(n for n, each in enumerate(text) if each.startswith(start))
        text.insert(place, line)
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
