"""Walking a collection by its links while others insert and delete."""

import asyncio
import random
import threading
from collections import Counter
from contextlib import contextmanager

import pytest
import requests
from liveserver import PATIENCE, Server, copy_of, url_of

from api.models.book import BOOK
from api.storage import rows
from api.storage.engine import Storage
from schemas.book import BookSchema

BOOKS = 3000
ORDERS = ["", "title", "-published", "author,-title"]


@pytest.fixture(scope="module")
def library(template, tmp_path_factory):
    """A server with 3,000 books, many of them alike and most without a year."""
    database = copy_of(template, tmp_path_factory.mktemp("walk"))
    fill(database)
    with Server(database, ACCESS_LOG=False) as running:
        yield running


def fill(database):
    storage = Storage(url_of(database))
    chance = random.Random(1)

    def insert_all(connection):
        for _ in range(BOOKS):
            rows.insert(connection, BOOK, BookSchema().load(a_book(chance)))

    asyncio.run(storage.write(insert_all))
    storage.close()


def a_book(chance):
    year = chance.choice([None, None, None, chance.randint(1900, 1930)])
    title = f"Title {chance.randrange(300)}"
    return {"title": title, "author": f"A{chance.randrange(9)}", "published": year}


@pytest.mark.parametrize("sort", ORDERS)
def test_a_walk_by_next_sees_each_book_that_stood_throughout_once(library, sort):
    with others_writing(library) as standing:
        seen = list(walk(library, first_page(library, sort), "next"))
    counted = Counter(seen)
    assert [each for each in standing if counted[each] != 1] == []
    assert set(counted.values()) == {1}, "a book was seen twice"


@pytest.mark.parametrize("sort", ORDERS)
def test_a_walk_by_prev_from_the_last_page_is_the_walk_by_next_in_reverse(
    library, sort
):
    with others_writing(library) as standing:
        forward = list(walk(library, first_page(library, sort), "next"))
        last = follow(library, first_page(library, sort), "last")
        backward = list(walk(library, last, "prev"))
    kept = [each for each in forward if each in standing]
    assert [each for each in reversed(backward) if each in standing] == kept
    assert len(kept) == len(standing)


def first_page(library, sort):
    """The first page of the books, found from the root."""
    root = requests.get(library.url, timeout=PATIENCE).json()
    url = library.url + root["_links"]["wm:books"]["href"]
    query = {"limit": 50, **({"sort": sort} if sort else {})}
    return requests.get(url, params=query, timeout=PATIENCE).json()


def walk(library, page, relation):
    """The ids on the page and all that follow it; each page in the walk's direction."""
    step = -1 if relation == "prev" else 1
    while page is not None:
        yield from [each["id"] for each in page["_embedded"]["item"]][::step]
        page = follow(library, page, relation)


def follow(library, page, relation):
    link = page["_links"].get(relation)
    if link is None:
        return None
    answer = requests.get(library.url + link["href"], timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return answer.json()


@contextmanager
def others_writing(library):
    """While the block runs, somebody inserts and deletes; the ids they leave alone."""
    before = set(walk(library, first_page(library, ""), "next"))
    doomed = set(random.sample(sorted(before), 100))
    is_over = threading.Event()
    faults = []

    def write():
        chance, mine = random.Random(), list(doomed)
        with requests.Session() as session:
            while not is_over.is_set():
                mine.append(add(session, chance))
                chance.shuffle(mine)
                number = mine.pop()
                answer = session.delete(f"{library.url}/books/{number}", timeout=20)
                faults.extend([answer.text] if answer.status_code != 204 else [])

    def add(session, chance):
        url = f"{library.url}/books"
        answer = session.post(url, json=a_book(chance), timeout=PATIENCE)
        return answer.json()["id"]

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield before - doomed
    finally:
        is_over.set()
        writer.join(PATIENCE)
    assert not writer.is_alive()
    assert faults == []
