"""kill -9 at any moment: what was acknowledged stands, and nothing is half."""

import os
import random
import threading
import time
from contextlib import suppress
from uuid import uuid4

import requests
from liveserver import PATIENCE, Server, ask

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "20"))
WRITERS = 6


def test_crashes_lose_nothing_acknowledged_and_leave_nothing_half(database):
    journal, server, faults = Journal(), Server(database, ACCESS_LOG=False), []
    for _ in range(ROUNDS):
        crash_under_load(server, journal)
        faults += [*missing(database, journal), *inconsistent(database)]
    with server:
        faults += [*changed(server, journal), *not_repeatable(server, journal)]
    assert faults == []
    assert len(journal.standing) > ROUNDS * WRITERS, "hardly anything was written"
    assert journal.deleted, "nothing was deleted"
    assert journal.cut_off, "no crash met a POST with a key"


def crash_under_load(server, journal):
    """Start the server, let clients write, and kill all its processes."""
    server.start(is_complete=False)
    writers = [Writer(server.url, journal) for _ in range(WRITERS)]
    time.sleep(random.uniform(0.2, 0.6))
    server.kill()
    for each in writers:
        each.join(PATIENCE)
        journal.surprises += each.surprises


class Journal:
    """What the server acknowledged; what it was asked and never answered."""

    def __init__(self):
        self.standing = {}
        self.deleted = set()
        self.cut_off = []
        self.surprises = []


class Writer(threading.Thread):
    """A client that writes until the server is gone and notes each answer."""

    def __init__(self, url, journal):
        super().__init__(daemon=True)
        self.url = url
        self.journal = journal
        self.mine = []
        self.surprises = []
        self.start()

    def run(self):
        kinds = [self.item, self.task, self.keyed_book, self.review, self.deletion]
        with requests.Session() as self.session, suppress(requests.ConnectionError):
            while not self.surprises:
                try:
                    random.choice(kinds)()
                except AssertionError as ex:
                    self.surprises.append(str(ex))

    def item(self):
        key = uuid4().hex
        self.made(f"/items/{key}", {"value": key}, ("items", "key", key))

    def task(self):
        key = uuid4().hex
        self.made(f"/tasks/{key}", {"description": key}, ("tasks", "id", key))

    def keyed_book(self):
        title = uuid4().hex
        sent = (title, {"title": title, "author": "A"})
        self.journal.cut_off.append(sent)
        self.made("/books", sent[1], ("books", "title", title), key=title)
        self.journal.cut_off.remove(sent)

    def review(self):
        path = f"/books/{random.randint(1, 5)}/reviews"
        review = {"rating": random.randint(1, 5), "reviewer": uuid4().hex}
        place = ("reviews", "reviewer", review["reviewer"])
        self.made(path, review, place, expected={201, 404})

    def deletion(self):
        if not self.mine:
            return
        place, path = self.mine.pop()
        # From here on until the answer nobody knows whether it stands.
        del self.journal.standing[place]
        answer = self.session.delete(self.url + path, timeout=PATIENCE)
        assert answer.status_code == 204, answer.text
        self.journal.deleted.add(place)

    def made(self, path, body, place, *, key=None, expected=frozenset({201})):
        headers = {"Idempotency-Key": key} if key else {}
        url = self.url + path
        answer = self.session.post(url, json=body, headers=headers, timeout=PATIENCE)
        assert answer.status_code in expected, answer.text
        if answer.status_code == 201:
            self.journal.standing[place] = answer.json()
            # The first books stay, for the reviews need them.
            if place[0] != "books":
                self.mine.append((place, answer.headers["Location"]))


def missing(database, journal):
    """What the database has lost of what the journal says, or kept against it."""
    yield from journal.surprises
    columns = {(table, column) for table, column, _ in journal.standing}
    found = {
        (table, column, value)
        for table, column in columns
        for (value,) in ask(database, f"SELECT {column} FROM {table}")  # noqa: S608
    }
    for place in journal.standing.keys() - found:
        yield f"lost: {place}"
    for place in journal.deleted & found:
        yield f"deleted, but there: {place}"


def inconsistent(database):
    """What in the database contradicts itself."""
    if ask(database, "PRAGMA integrity_check") != [("ok",)]:
        yield "the database file is damaged"
    if ask(database, "PRAGMA foreign_key_check"):
        yield "a review has lost its book"
    counted = "SELECT owner, total FROM counters WHERE collection = ? AND total > 0"
    for table, rows in COUNTS.items():
        if set(ask(database, counted, table)) != set(ask(database, rows)):
            yield f"the counters of {table} are wrong"
    if ask(database, RATINGS):
        yield "a rating is not the mean of its reviews"
    for name in ("books_fulltext", "tasks_fulltext"):
        # Rank 1 compares the index with the table that it was made from.
        ask(database, f"INSERT INTO {name}({name}, rank) VALUES ('integrity-check', 1)")  # noqa: S608


COUNTS = {
    "books": "SELECT 0, count(*) FROM books HAVING count(*) > 0",
    "tasks": "SELECT 0, count(*) FROM tasks HAVING count(*) > 0",
    "items": "SELECT 0, count(*) FROM items HAVING count(*) > 0",
    "reviews": "SELECT book, count(*) FROM reviews GROUP BY book",
}
RATINGS = """
SELECT books.id FROM books LEFT JOIN reviews ON reviews.book = books.id
GROUP BY books.id
HAVING books.reviews != count(reviews.id)
    OR books.rating IS NOT CAST(10 * avg(reviews.rating) + 0.5 AS INTEGER)
"""


def changed(server, journal):
    """What the server tells otherwise than it did when it acknowledged it."""
    for document in random.sample(list(journal.standing.values()), 50):
        href = document["_links"]["self"]["href"]
        told = requests.get(server.url + href, timeout=PATIENCE).json()
        # Reviews that came later have changed the book's rating, and with it its time.
        stable = document.keys() - {"rating", "reviews", "updated"}
        if any(told.get(name) != document[name] for name in stable):
            yield f"changed: {document} to {told}"


def not_repeatable(server, journal):
    """Which POST that was cut off could not be sent again with its key."""
    for title, book in journal.cut_off:
        headers = {"Idempotency-Key": title}
        url = f"{server.url}/books"
        answer = requests.post(url, json=book, headers=headers, timeout=PATIENCE)
        if answer.status_code != 201:
            yield f"not repeatable: {answer.text}"
        found = ask(server.database, "SELECT id FROM books WHERE title = ?", title)
        if len(found) != 1:
            yield f"a POST with a key had {len(found)} effects"
