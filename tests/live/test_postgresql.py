"""Servers on PostgreSQL: races, claims, and servers and backends that are killed."""

import threading
import time
from collections import Counter
from contextlib import suppress

import pytest
import requests
from liveserver import PATIENCE, Server, all_at_once, wait_until

from tests.postgresql import running_postgresql
from tests.shop import a_draft, a_product, lineitem, refetch

_DURABLE = "-c listen_addresses= -c max_connections=100"
_KILL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'waymark'"
)


@pytest.fixture(scope="module")
def engine():
    """A server that keeps what it acknowledges."""
    with running_postgresql(_DURABLE) as server:
        yield server


@pytest.fixture(scope="module")
def database(engine):
    return engine.migrated("live")


@pytest.fixture(scope="module")
def nodes(database, tmp_path_factory):
    """Two servers on one database, each with workers of its own."""
    folder = tmp_path_factory.mktemp("nodes")
    with (
        Server(folder / "one", DATABASE_URL=database) as one,
        Server(folder / "two", DATABASE_URL=database) as two,
    ):
        yield one, two


class Shop:
    """A client over a socket that the builders of `tests.shop` understand."""

    def __init__(self, url):
        self.url = url

    def get(self, path, **headers):
        return self._send("GET", path, None, headers)

    def post(self, path, body=None, **headers):
        return self._send("POST", path, body, headers)

    def put(self, path, body=None, **headers):
        return self._send("PUT", path, body, headers)

    def _send(self, method, path, body, headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = requests.request(
            method, self.url + path, json=body, headers=names, timeout=PATIENCE
        )
        return Answer(answer)


class Answer:
    """What Falcon's test client would give."""

    def __init__(self, answer):
        self.status_code, self.text = answer.status_code, answer.text
        self.headers = {name.lower(): each for name, each in answer.headers.items()}
        self._answer = answer

    @property
    def json(self):
        return self._answer.json()


def test_of_50_writers_with_one_etag_on_two_nodes_exactly_one_wins(nodes):
    made = Shop(nodes[0].url).put("/items/contended", {"value": -1})

    def edit(place):
        shop = Shop(nodes[place % 2].url)
        changed = {"value": place}
        return shop.put("/items/contended", changed, if_match=made.headers["etag"])

    answers = all_at_once(50, edit)
    assert Counter(each.status_code for each in answers) == {200: 1, 412: 49}


def test_20_buyers_get_3_copies(nodes):
    shop = Shop(nodes[0].url)
    product = a_product(shop, stock=3)
    orders = [a_draft(shop) for _ in range(20)]
    for order in orders:
        lineitem(shop, order, product)

    def buy(place):
        buyer = Shop(nodes[place % 2].url)
        return buyer.put(f"/orders/{orders[place]['id']}/placement", {}).status_code

    assert Counter(all_at_once(20, buy)) == {201: 3, 409: 17}
    assert refetch(shop, product)["stock"] == 0


def test_20_posts_with_one_key_make_one_thing(nodes):
    def post(place):
        shop, body = Shop(nodes[place % 2].url), {"key": "once", "value": 1}
        return shop.post("/items", body, idempotency_key="one")

    answers = all_at_once(20, post)
    assert {each.status_code for each in answers} <= {201, 409}
    made = [each for each in answers if each.status_code == 201]
    assert len({each.text for each in made}) == 1
    fresh = [each for each in made if "idempotency-replayed" not in each.headers]
    assert len(fresh) == 1


def test_a_key_that_another_node_holds_is_in_progress_and_free_when_it_dies(
    engine, nodes
):
    with engine.connect("live") as lock:
        lock.execute(f"SELECT pg_advisory_lock({0x5761796D61726B})")
        first = threading.Thread(target=_post_and_forget, args=(nodes[0].url,))
        first.start()
        shop, body = Shop(nodes[1].url), {"key": "cut", "value": 1}

        def is_in_progress():
            with engine.connect("live") as other:
                waiting = other.execute(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                    " AND NOT granted"
                ).fetchone()
            return waiting[0] >= 1

        wait_until(is_in_progress, "the first request waits for its turn")
        answer = shop.post("/items", body, idempotency_key="cut")
        assert answer.status_code == 409
        nodes[0].kill()
    first.join(PATIENCE)
    wait_until(
        lambda: shop.post("/items", body, idempotency_key="cut").status_code == 201,
        "the key is free again",
        10,
    )
    nodes[0].start()


def _post_and_forget(url):
    with suppress(requests.ConnectionError):
        Shop(url).post("/items", {"key": "cut", "value": 1}, idempotency_key="cut")


def test_what_was_acknowledged_survives_killed_backends(engine, nodes):
    """Backends die under writers: nothing that was answered is lost or there twice."""
    kept, told, is_over = {}, Counter(), threading.Event()

    def write(place):
        shop, count = Shop(nodes[place % 2].url), 0
        while not is_over.is_set():
            key = f"k-{place}-{count}"
            answer = shop.put(f"/items/{key}", {"value": count})
            told[answer.status_code] += 1
            if answer.status_code in {200, 201}:
                kept[key] = count
                count += 1

    def kill(_place):
        for _ in range(10):
            time.sleep(0.3)
            with engine.connect("live") as other:
                other.execute(_KILL)
        is_over.set()

    all_at_once(9, lambda place: kill(place) if place == 8 else write(place))
    assert set(told) <= {200, 201, 503}
    shop = Shop(nodes[0].url)
    assert len(kept) > 100
    assert all(shop.get(f"/items/{k}").json["value"] == v for k, v in kept.items())
    with engine.connect("live") as other:
        rows = "SELECT count(*), count(DISTINCT version) FROM items"
        assert len(set(other.execute(rows).fetchone())) == 1
        count = "SELECT total FROM counters WHERE collection = 'items'"
        total = other.execute(count).fetchone()[0]
    assert shop.get("/items").json["total"] == total == _number(engine)


def _number(engine):
    with engine.connect("live") as other:
        return other.execute("SELECT count(*) FROM items").fetchone()[0]


def test_while_the_database_is_away_requests_are_503_and_then_answered(engine, nodes):
    shop = Shop(nodes[1].url)
    assert shop.put("/items/away", {"value": 1}).status_code in {200, 201}
    engine.stop("immediate")
    try:
        for answer in (shop.get("/items/away"), shop.put("/items/away", {"value": 2})):
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
    finally:
        engine.start()
    assert shop.get("/items/away").json["value"] == 1
    assert shop.put("/items/away", {"value": 2}).status_code == 200


def test_while_the_database_hangs_all_is_told_in_time_and_then_answered(
    engine, database, tmp_path
):
    with Server(tmp_path / "node", DATABASE_URL=database, DATABASE_TIMEOUT=2) as node:
        shop = Shop(node.url)
        assert shop.put("/items/hung", {"value": 1}).status_code in {200, 201}
        assert shop.get("/health/ready").status_code == 200
        with engine.frozen():
            answers = all_at_once(30, lambda place: _timed(shop, place))
        assert {status for status, _, _ in answers} == {503}
        assert all(told for _, told, _ in answers)
        # Two for the turn of a write, two for its transaction, two for a connection.
        assert max(seconds for _, _, seconds in answers) < 2 + 2 + 2 + 1
        wait_until(
            lambda: shop.get("/health/ready").status_code == 200, "it is ready again"
        )
        assert shop.put("/items/hung", {"value": 2}).status_code == 200
        assert shop.get("/items/hung").json["value"] == 2


def _timed(shop, place):
    """The status of a request of one of three kinds, its Retry-After, its seconds."""
    begin = time.monotonic()
    if place % 3 == 0:
        answer = shop.get("/items/hung")
    elif place % 3 == 1:
        answer = shop.put("/items/hung", {"value": 1})
    else:
        body, key = {"key": f"hung-{place}", "value": 1}, f"hung-{place}"
        answer = shop.post("/items", body, idempotency_key=key)
    return answer.status_code, answer.headers["retry-after"], time.monotonic() - begin


def test_a_node_whose_database_hangs_says_in_time_that_it_is_not_ready(engine, nodes):
    begin = time.monotonic()
    with engine.frozen():
        told = Shop(nodes[1].url).get("/health/ready")
    assert told.status_code == 503
    assert told.json["checks"]["database:migrations"][0]["status"] == "fail"
    assert time.monotonic() - begin < 4
    wait_until(
        lambda: Shop(nodes[1].url).get("/health/ready").status_code == 200,
        "it is ready again",
    )
