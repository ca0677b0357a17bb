"""Many writers at once: what is atomic stays atomic, and nobody is told an error."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from liveserver import (
    PATIENCE,
    ROOT,
    all_at_once,
    ask,
    environment,
    head,
    url_of,
)

HAMMER = Path(__file__).with_name("hammer.py")
SECONDS = 10


def test_of_50_writers_with_one_etag_exactly_one_wins(server):
    url = f"{server.url}/items/contended"
    made = requests.post(url, json={"value": -1}, timeout=PATIENCE)

    def edit(place):
        headers = {"If-Match": made.headers["ETag"]}
        change = {"value": place}
        answer = requests.patch(url, json=change, headers=headers, timeout=PATIENCE)
        return answer.status_code, place

    outcomes = all_at_once(50, edit)
    assert Counter(status for status, _ in outcomes) == {200: 1, 412: 49}
    winner = next(place for status, place in outcomes if status == 200)
    assert requests.get(url, timeout=PATIENCE).json()["value"] == winner


def test_8_clients_that_write_for_10_seconds_are_told_only_what_is_true(own_server):
    kept = all_at_once(8, lambda place: LoneWriter(own_server.url, place).run(SECONDS))
    expected = {key: value for each in kept for key, value in each.items()}
    found = dict(ask(own_server.database, "SELECT key, value FROM items"))
    mine = {key: int(value) for key, value in found.items() if key[0] == "w"}
    assert mine == expected
    total = requests.get(f"{own_server.url}/items", timeout=PATIENCE).json()["total"]
    assert total == len(found)


POSSIBLE = {"PUT": {200, 201}, "POST": {201, 409}, "DELETE": {204, 404}}


class LoneWriter:
    """Writes keys of its own, knowing each answer, and keys that all write."""

    def __init__(self, url, place):
        self.items = f"{url}/items"
        self.place = place
        self.random = random.Random(place)
        self.kept = {}

    def run(self, seconds):
        """Write for so many seconds; what its own keys must hold afterwards."""
        end = time.monotonic() + seconds
        with requests.Session() as session:
            while time.monotonic() < end:
                method = self.random.choice(["PUT", "POST", "DELETE"])
                number = self.random.randrange(10)
                value = self.random.randrange(1000)
                mine = f"w{self.place}-{number}"
                expected = self.foresee(method, mine, value)
                self.send(session, method, mine, value, {expected})
                self.send(session, method, f"all-{number}", value, POSSIBLE[method])
        return self.kept

    def foresee(self, method, key, value):
        """The status that a write of a key of its own must have."""
        stood = key in self.kept
        if method == "DELETE":
            self.kept.pop(key, None)
            return 204 if stood else 404
        if method == "POST" and stood:
            return 409
        self.kept[key] = value
        return 200 if stood else 201

    def send(self, session, method, key, value, expected):
        body = None if method == "DELETE" else {"value": value}
        url = f"{self.items}/{key}"
        answer = session.request(method, url, json=body, timeout=PATIENCE)
        assert answer.status_code in expected, (method, key, answer.text)


def test_8_processes_write_one_database_without_an_error(database):
    command = [sys.executable, str(HAMMER), url_of(database)]
    hammers = [
        subprocess.Popen(
            [*command, f"p{place}", str(SECONDS)],
            cwd=ROOT,
            env={**environment(database), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for place in range(8)
    ]
    ended = [each.communicate(timeout=60) for each in hammers]
    assert [errors for _, errors in ended] == [""] * 8
    written = sum(int(output) for output, _ in ended)
    assert ask(database, "SELECT count(*) FROM items") == [(written,)]
    counted = "SELECT total, version FROM counters WHERE collection = 'items'"
    assert ask(database, counted) == [(written, written)]


def test_20_posts_with_one_idempotency_key_make_one_book(server):
    key, title = uuid4().hex, uuid4().hex
    answers = all_at_once(20, lambda _: post_book(server, key, title))
    made = [each for each in answers if each.status_code == 201]
    first = [each for each in made if "Idempotency-Replayed" not in each.headers]
    assert {each.status_code for each in answers} <= {201, 409}
    assert len(first) == 1
    assert {each.headers["Location"] for each in made} == {first[0].headers["Location"]}
    assert books_called(server, title) == 1


def test_a_key_replays_its_first_answer(server):
    key, title = uuid4().hex, uuid4().hex
    first, again = post_book(server, key, title), post_book(server, key, title)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert (again.status_code, again.content) == (201, first.content)


def test_a_key_replays_after_the_server_was_killed(own_server):
    first = post_book(own_server, "survivor", "Emma")
    own_server.kill()
    own_server.start()
    again = post_book(own_server, "survivor", "Emma")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert books_called(own_server, "Emma") == 1


def test_a_key_with_another_body_is_422(server):
    key = uuid4().hex
    post_book(server, key, "Emma")
    answer = post_book(server, key, "Persuasion")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/key-reused"


def test_a_key_whose_request_broke_off_is_usable_again(server):
    key, title = uuid4().hex, uuid4().hex
    with half_a_post(server, key):
        pass
    answer = post_book(server, key, title)
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers


def test_a_key_whose_server_was_killed_is_usable_again(own_server):
    with half_a_post(own_server, "key"):
        own_server.kill()
    own_server.start()
    assert post_book(own_server, "key", "Emma").status_code == 201


def test_a_key_whose_request_is_still_being_sent_holds_up_nobody(server):
    key, title = uuid4().hex, uuid4().hex
    with half_a_post(server, key):
        assert post_book(server, key, title).status_code == 201


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_reader_never_sees_half_of_a_write(server, method):
    url = f"{server.url}/items/torn-{method}"
    requests.put(url, json={"value": ["0"] * 500}, timeout=PATIENCE)
    has_ended = threading.Event()

    def write():
        for letter in "abcdefghij" * 5:
            value = {"value": [letter] * 500}
            requests.request(method, url, json=value, timeout=PATIENCE)
        has_ended.set()

    def read():
        seen = []
        while not has_ended.is_set():
            seen.append(set(requests.get(url, timeout=PATIENCE).json()["value"]))
        return seen

    parts = all_at_once(3, lambda place: read() if place else write())
    assert all(len(each) == 1 for seen in parts if seen for each in seen)


def post_book(server, key, title):
    return requests.post(
        f"{server.url}/books",
        json={"title": title, "author": "Anybody"},
        headers={"Idempotency-Key": key},
        timeout=PATIENCE,
    )


@contextmanager
def half_a_post(server, key):
    """A connection on which half of a POST with the key was sent."""
    fields = {"Content_Type": "application/json", "Content_Length": 60}
    with server.connection() as sock:
        sock.sendall(head("POST", "/books", Idempotency_Key=key, **fields))
        sock.sendall(b'{"title": "Half')
        yield sock


def books_called(server, title):
    answer = requests.get(
        f"{server.url}/books", params={"title": title}, timeout=PATIENCE
    )
    return answer.json()["total"]
