"""The operator's commands as processes: what they print, leave behind and need."""

import csv
import gzip
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from liveserver import ROOT, Server, ask, command, environment, wait_until

CATALOGUE = ROOT / "data" / "gutenberg.csv.gz"
BOOKS_IN_CATALOGUE = 78_766
HEADER = "gutenberg_id,title,authors,author_years,languages,subjects,classes"
MEASURED = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def test_a_database_can_be_migrated_again_and_again(tmp_path):
    database = tmp_path / "new" / "shop.db"
    ended = [command(database, "migrate") for _ in range(2)]
    assert [(each.returncode, each.stderr) for each in ended] == [(0, "")] * 2
    assert ask(database, "SELECT count(*) FROM books") == [(0,)]


def test_migrating_keeps_what_is_there(database, tmp_path):
    command(database, "load-catalogue", catalogue(tmp_path, range(1, 4)))
    command(database, "migrate")
    assert books_in(database) == 3


def test_a_catalogue_that_is_loaded_twice_stands_there_once(database, tmp_path):
    file = catalogue(tmp_path, range(1, 4))
    ended = [command(database, "load-catalogue", file) for _ in range(2)]
    assert [each.returncode for each in ended] == [0, 0]
    assert ask(database, "SELECT gutenberg_id FROM books") == [(1,), (2,), (3,)]


def test_a_longer_catalogue_adds_what_is_new(database, tmp_path):
    command(database, "load-catalogue", catalogue(tmp_path, range(1, 4)))
    ended = command(database, "load-catalogue", catalogue(tmp_path, range(2, 7)))
    assert "3 books loaded" in ended.stdout
    counter = "SELECT total FROM counters WHERE collection = 'books'"
    assert (books_in(database), ask(database, counter)) == (6, [(6,)])


def test_a_loaded_book_has_what_the_catalogue_says(database, tmp_path):
    command(database, "load-catalogue", catalogue(tmp_path, [7]))
    columns = "title, author, author_sort, language, subjects"
    book = ("Title 7", "Jane Austen", "austen, jane", "en", '["Novels","England"]')
    assert ask(database, f"SELECT {columns} FROM books") == [book]  # noqa: S608


def test_a_load_that_was_killed_leaves_nothing_and_the_next_one_loads_all(database):
    kill_in_the_middle_of_loading(database)
    assert books_in(database) == 0
    status, megabytes = measured(database, "load-catalogue", CATALOGUE)
    assert (status, books_in(database)) == (0, BOOKS_IN_CATALOGUE)
    assert megabytes < 200
    fulltext = "SELECT count(*) FROM books_fulltext WHERE books_fulltext MATCH 'emma'"
    assert ask(database, fulltext) > [(0,)]


def kill_in_the_middle_of_loading(database):
    journal = database.with_name(f"{database.name}-wal")
    loading = subprocess.Popen(
        [sys.executable, "-m", "api", "load-catalogue", str(CATALOGUE)],
        cwd=ROOT,
        env=environment(database),
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: size_of(journal) > 5_000_000, "it writes")
    finally:
        loading.kill()
        loading.wait(20)
    assert loading.returncode == -signal.SIGKILL, "it had ended before"


def size_of(path):
    return path.stat().st_size if path.exists() else 0


def measured(database, *arguments):
    """The exit status of a command, and how much memory it took at most, in MiB."""
    ended = subprocess.run(
        [sys.executable, "-c", MEASURED, sys.executable, "-m", "api", *arguments],
        cwd=ROOT,
        env=environment(database),
        stdout=subprocess.PIPE,
        timeout=100,
        check=True,
    )
    return tuple(map(int, ended.stdout.split()))


BROKEN = {
    "no gzip": b"gutenberg_id,title\n1,A\n",
    "an empty file": b"",
    "three octets": b"\x1f\x8b\x08",
    "cut short": CATALOGUE.read_bytes()[:100_000],
    "a damaged middle": CATALOGUE.read_bytes()[:100_000] + b"?" * 100_000,
    "no books at all": gzip.compress(b""),
    "a column missing": gzip.compress(b"gutenberg_id,title\n1,A\n"),
    "a row too short": gzip.compress(f"{HEADER}\n1,A\n".encode()),
    "an id that is no number": gzip.compress(f"{HEADER}\nx,A,,,,,\n".encode()),
    "not UTF-8": gzip.compress(f"{HEADER}\n1,".encode() + b"\xff,,,,,\n"),
}


@pytest.mark.parametrize("content", [pytest.param(BROKEN[n], id=n) for n in BROKEN])
def test_of_a_broken_catalogue_nothing_is_loaded_and_one_line_says_why(
    database, tmp_path, content
):
    file = tmp_path / "broken.csv.gz"
    file.write_bytes(content)
    ended = command(database, "load-catalogue", file)
    assert ended.returncode == 1
    assert_one_readable_line(ended.stderr, "broken.csv.gz")
    assert (books_in(database), ask(database, "SELECT * FROM loads")) == (0, [])


def test_a_catalogue_that_is_not_there_is_named(database):
    ended = command(database, "load-catalogue", "/nowhere.csv.gz")
    assert ended.returncode == 1
    assert_one_readable_line(ended.stderr, "/nowhere.csv.gz")


def test_loading_into_a_database_that_was_not_migrated_says_what_to_do(tmp_path):
    ended = command(tmp_path / "shop.db", "load-catalogue", catalogue(tmp_path, [1]))
    assert ended.returncode == 1
    assert_one_readable_line(ended.stderr, "migrate")


def test_the_sample_shop_is_made_once_on_the_books_that_are_there(database, tmp_path):
    command(database, "load-catalogue", catalogue(tmp_path, [84, 2701]))
    ended = [command(database, "load-sample") for _ in range(2)]
    assert [(each.returncode, each.stderr) for each in ended] == [(0, "")] * 2
    printed = [each.stdout for each in ended]
    assert printed == ["12 products, 4 customers, 8 orders made.\n", ""]
    assert ask(database, "SELECT count(*), count(book) FROM products") == [(12, 2)]


def test_a_sample_for_a_database_that_was_not_migrated_says_what_to_do(tmp_path):
    ended = command(tmp_path / "shop.db", "load-sample")
    assert ended.returncode == 1
    assert_one_readable_line(ended.stderr, "migrate")


def assert_one_readable_line(text, *parts):
    assert "Traceback" not in text
    assert len(text.strip().splitlines()) == 1, text
    assert all(part in text for part in parts), text


SERVE = ["-m", "gunicorn", "-c", "gunicorn.conf.py"]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["-m", "api", "check"], id="check"),
        pytest.param(["-m", "api", "migrate"], id="migrate"),
        pytest.param(SERVE, id="gunicorn"),
    ],
)
def test_every_wrong_setting_is_named_at_once(database, arguments):
    wrong = {"BIND": "0.0.0.0:80", "WORKERS": 0, "LOG_LEVEL": "LOUD"}
    ended = run(arguments, environment(database, **wrong))
    assert ended.returncode != 0
    assert all(f"WAYMARK_{name}" in ended.stderr for name in wrong), ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_check_shows_the_settings(database):
    ended = command(database, "check", WORKERS=3, TRUSTED_PROXIES="10.0.0.0/8")
    assert ended.returncode == 0
    assert "WAYMARK_WORKERS=3" in ended.stdout
    assert "10.0.0.0/8" in ended.stdout


def test_a_server_does_not_start_on_a_database_that_was_not_migrated(tmp_path):
    with pytest.raises(AssertionError, match="migrate"), Server(tmp_path / "shop.db"):
        pass


def run(arguments, variables):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )


def catalogue(folder, numbers):
    """A small catalogue with the books of these numbers."""
    path = Path(folder, f"{len(list(folder.iterdir()))}.csv.gz")
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER.split(","))
        for number in numbers:
            title = f"Title {number}"
            subjects = "Novels | England"
            rows.writerow([number, title, "Austen, Jane", "/", "en", subjects, "PR"])
    return path


def books_in(database):
    return ask(database, "SELECT count(*) FROM books")[0][0]
