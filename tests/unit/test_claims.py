"""Claims on idempotency keys, within a process and across processes."""

import subprocess
import sys

import pytest

from api.errors import RequestInProgress
from api.storage.claims import Claims

OTHER = """
import sys
from pathlib import Path
from api.storage.claims import Claims
from api.errors import RequestInProgress
try:
    with Claims(Path(sys.argv[1])).claim(sys.argv[2]):
        print("held", flush=True)
        sys.stdin.readline()
except RequestInProgress:
    print("refused", flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "shop.db.claims"


@pytest.fixture
def claims(path):
    made = Claims(path)
    yield made
    made.close()


class Other:
    """Another process that claims the key, and holds it until it is told to end."""

    def __init__(self, path, key):
        command = [sys.executable, "-c", OTHER, str(path), key]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self.outcome = self._process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.communicate("\n", timeout=10)

    def die(self):
        self._process.kill()
        self._process.wait(10)


def is_free(claims, key):
    try:
        with claims.claim(key):
            return True
    except RequestInProgress:
        return False


def test_a_key_is_held_as_long_as_the_block_runs(claims):
    with claims.claim("a"):
        assert not is_free(claims, "a")
        assert is_free(claims, "b")
    assert is_free(claims, "a")


def test_a_key_is_given_back_where_the_block_fails(claims):
    with pytest.raises(ZeroDivisionError), claims.claim("a"):
        raise ZeroDivisionError
    assert is_free(claims, "a")


def test_who_comes_second_is_told_when_to_try_again(claims):
    with claims.claim("a"), pytest.raises(RequestInProgress) as caught:
        claims.claim("a").__enter__()
    assert caught.value.headers == {"Retry-After": "1"}


def test_another_process_holds_a_key_against_us(claims, path):
    with Other(path, "a") as other:
        assert other.outcome == "held"
        assert not is_free(claims, "a")
        assert is_free(claims, "b")
    assert is_free(claims, "a")


def test_we_hold_a_key_against_another_process(claims, path):
    with claims.claim("a"), Other(path, "a") as other, Other(path, "b") as free:
        assert (other.outcome, free.outcome) == ("refused", "held")


def test_a_refused_claim_takes_nothing_from_who_holds_it(claims, path):
    with claims.claim("a"):
        assert not is_free(claims, "a")
        with Other(path, "a") as other:
            assert other.outcome == "refused"


def test_the_key_of_a_process_that_died_is_free_at_once(claims, path):
    with Other(path, "a") as other:
        other.die()
        assert is_free(claims, "a")


def test_closing_gives_back_what_is_held(claims, path):
    with claims.claim("a"):
        claims.close()
        claims.close()
        with Other(path, "a") as other:
            assert other.outcome == "held"


def test_a_closed_file_is_opened_again(claims):
    assert is_free(claims, "a")
    claims.close()
    assert is_free(claims, "a")
