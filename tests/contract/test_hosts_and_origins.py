"""Which hosts are answered, and which other sites' pages may read and write (CORS)."""

from dataclasses import replace

import pytest

from api.app import create_app
from tests.client import Client

FRIEND, OTHER = "https://shop.example", "https://evil.example"


@pytest.fixture
def friendly(settings):
    return Client(create_app(replace(settings, cors_origins=(FRIEND,))))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1", 200),
        ("127.0.0.1:9", 200),
        ("[::1]:8000", 200),
        ("[::1]", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example:8000", 421),
        ("localhost:8000@evil.example", 421),
        ("127.0.0.2", 421),
        ("localhost:", 200),
        (":8000", 421),
    ],
)
def test_only_known_hosts_are_answered(client, host, status):
    answer = client.simulate_get("/", host=host)
    assert answer.status_code == status
    if status == 421:
        assert answer.json["type"] == "/problems/misdirected-request"


def test_the_operator_names_other_hosts(settings):
    named = Client(create_app(replace(settings, allowed_hosts=("shop.example",))))
    assert named.simulate_get("/", host="shop.example").status_code == 200
    assert named.simulate_get("/", host="localhost").status_code == 421


def test_no_other_site_is_named_unless_it_is_set(client):
    answer = client.get("/books", origin=OTHER)
    assert not any(name.startswith("access-control") for name in answer.headers)
    assert "Origin" not in answer.headers["vary"]


def test_a_friend_s_page_may_read_and_write(friendly):
    elsewhere = {"origin": FRIEND, "sec_fetch_site": "cross-site"}
    answer = friendly.post("/tasks", {"description": "x"}, **elsewhere)
    assert answer.status_code == 201
    assert answer.headers["access-control-allow-origin"] == FRIEND
    exposed = answer.headers["access-control-expose-headers"]
    assert {"Link", "Location", "ETag"} <= set(exposed.split(", "))
    assert "Origin" in answer.headers["vary"]
    # What it may read are problems too.
    missing = friendly.get("/tasks/none", **elsewhere)
    assert missing.headers["access-control-allow-origin"] == FRIEND


def test_another_page_may_neither(friendly):
    answer = friendly.post("/tasks", {"description": "x"}, origin=OTHER)
    assert answer.status_code == 403
    read = friendly.get("/tasks", origin=OTHER)
    for each in (answer, read):
        assert "access-control-allow-origin" not in each.headers
        assert "Origin" in each.headers["vary"]


def preflight(client, origin, method="PUT"):
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return client.simulate_options("/tasks/a", headers=headers)


def test_a_friend_s_preflight_is_told_what_it_may_send(friendly):
    answer = preflight(friendly, FRIEND)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "If-Match" in answer.headers["access-control-allow-headers"]
    assert int(answer.headers["access-control-max-age"]) > 0


def test_another_s_preflight_is_an_ordinary_options(friendly):
    answer = preflight(friendly, OTHER)
    assert answer.status_code == 204
    assert "allow" in answer.headers
    assert "access-control-allow-origin" not in answer.headers


def test_a_preflight_needs_no_token_since_browsers_send_none(settings):
    guarded = replace(settings, auth="token", cors_origins=(FRIEND,))
    client = Client(create_app(guarded))
    assert preflight(client, FRIEND).status_code == 204
    assert preflight(client, OTHER).status_code == 401
