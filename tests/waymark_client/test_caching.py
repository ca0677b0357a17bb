"""What is asked again, what is not, and what is shown to nobody else."""

import httpx2
import pytest

from tests.waymark_client.scripted import Scripted, client_of, hal
from waymark_client import Cache

NOT_MODIFIED = httpx2.Response(304, headers={"etag": '"1"', "age": "0"})


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


def reading(*answers, octets=1_000, **options):
    """A client, its server, and the clock of its cache."""
    clock = Clock()
    server = Scripted({"GET /api/": list(answers), "PUT /api/?q=1": hal({})})
    client = client_of(
        server, cache=Cache(most=2, octets=octets, clock=clock), **options
    )
    return client, server, clock


def test_what_is_fresh_is_not_asked_for():
    client, server, clock = reading(hal({"n": 1}, cache_control="max-age=60"))
    client.root()
    clock.now += 59
    assert client.root().state == {"n": 1}
    assert len(server.asked) == 1


def test_what_is_stale_is_revalidated():
    client, server, clock = reading(
        hal({"n": 1}, cache_control="max-age=60", etag='"1"'), NOT_MODIFIED
    )
    client.root()
    clock.now += 61
    assert client.root().state == {"n": 1}
    assert server.requests[1].headers["if-none-match"] == '"1"'
    assert client.root().etag == '"1"'
    assert len(server.asked) == 2


def test_dates_serve_where_there_is_no_tag():
    date = "Sat, 21 Nov 2026 20:00:00 GMT"
    client, server, _ = reading(hal({"n": 1}, last_modified=date), NOT_MODIFIED)
    client.root()
    assert client.root().state == {"n": 1}
    assert server.requests[1].headers["if-modified-since"] == date


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"cache_control": "no-store, max-age=60"}, id="no-store"),
        pytest.param({"cache_control": "no-cache, max-age=60"}, id="no-cache"),
        pytest.param({"cache_control": "max-age=60", "vary": "*"}, id="varies by all"),
        pytest.param({"cache_control": "max-age=60", "age": "60"}, id="aged"),
        pytest.param({"cache_control": "max-age=nonsense"}, id="nonsense"),
        pytest.param({"expires": "0", "date": "now"}, id="expired"),
        pytest.param({}, id="nothing told"),
    ],
)
def test_what_must_be_asked_for_again_is(headers):
    client, _, _ = reading(hal({"n": 1}, **headers), hal({"n": 2}))
    client.root()
    assert client.root().state == {"n": 2}


def test_expires_is_a_lifetime():
    dates = {
        "date": "Sat, 21 Nov 2026 20:00:00 GMT",
        "expires": "Sat, 21 Nov 2026 20:01:00 GMT",
    }
    client, _, clock = reading(hal({"n": 1}, **dates), hal({"n": 2}))
    client.root()
    assert client.root().state == {"n": 1}
    clock.now += 61
    assert client.root().state == {"n": 2}


def test_a_refresh_asks_whatever_is_fresh():
    client, server, _ = reading(
        hal({"n": 1}, cache_control="max-age=60", etag='"1"'), NOT_MODIFIED
    )
    assert client.root().refresh().state == {"n": 1}
    assert len(server.asked) == 2


def test_formats_are_kept_apart():
    client, server, _ = reading(
        hal({"n": 1}, cache_control="max-age=60", vary="Accept"), hal({"n": 2})
    )
    root = client.root()
    assert root.read(accept="application/json").state == {"n": 2}
    assert client.root().state == {"n": 1}
    assert len(server.asked) == 2


def test_nothing_crosses_credentials_even_where_the_server_forgot_to_vary():
    shared = Cache()
    answers = [hal({"for": who}, cache_control="max-age=60") for who in ("a", "b")]
    server = Scripted({"GET /api/": answers})
    for token in ("a", "b", "a"):
        client = client_of(server, token=token, cache=shared)
        assert client.root().state == {"for": token}
    assert len(server.asked) == 2


def test_a_change_makes_what_was_kept_of_it_doubtful():
    client, server, _ = reading(hal({"n": 1}, cache_control="max-age=60"), hal({}))
    server.change("GET /api/?q=1", hal({}))
    client.root()
    client.read("?q=1").put(n=2)
    client.root()
    assert server.asked.count("GET /api/") == 2


def test_only_the_last_are_kept():
    client, server, _ = reading(hal({}, cache_control="max-age=60"))
    for path in ("1", "2"):
        server.change(f"GET /api/{path}", hal({}, cache_control="max-age=60"))
    for path in ("", "1", "2", ""):
        client.read(path)
    assert server.asked.count("GET /api/") == 2


@pytest.mark.parametrize(("octets", "asked"), [(38, 2), (39, 1)])
def test_their_bodies_together_are_bounded(octets, asked):
    client, server, _ = reading(
        hal({"n": "x" * 10}, cache_control="max-age=60"), octets=octets
    )
    server.change("GET /api/1", hal({"n": "y" * 11}, cache_control="max-age=60"))
    for path in ("", "1", ""):
        client.read(path)
    assert server.asked.count("GET /api/") == asked


def test_the_formats_kept_of_one_uri_are_bounded():
    client, server, _ = reading(hal({}, cache_control="max-age=60", vary="Accept"))
    root = client.root()
    for number in (*range(9), 8, 0):
        root.read(accept=f"text/{number}")
    assert len(server.asked) == 11


def test_without_a_cache_everything_is_asked_for():
    server = Scripted({"GET /api/": hal({}, cache_control="max-age=60")})
    client = client_of(server, cache=None)
    client.root()
    client.root()
    assert len(server.asked) == 2
