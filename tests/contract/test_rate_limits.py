"""How often a caller may ask: who is counted, and what is told."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from api.app import create_app
from api.errors import InvalidToken
from api.roles import Caller, Role
from tests.client import Client

MANY = 3


@pytest.fixture
def limited(settings):
    """Makes clients at an address of one server that allows three requests."""
    app = create_app(
        replace(
            settings,
            rate_limit=f"{MANY}/hour",
            trusted_proxies=(ip_network("10.0.0.0/8"),),
        )
    )
    return lambda address: Client(app, client_address=address)


def test_who_asks_too_often_is_told_when_to_come_again(limited):
    client = limited("192.0.2.1")
    for left in reversed(range(MANY)):
        answer = client.get("/books")
        assert answer.status_code == 200
        assert f"r={left};" in answer.headers["ratelimit"]
        assert answer.headers["ratelimit-policy"] == f'"hour";q={MANY};w=3600'
    refused = client.get("/books")
    assert refused.status_code == 429
    assert refused.json["type"] == "/problems/too-many-requests"
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert "r=0;" in refused.headers["ratelimit"]
    assert refused.headers["cache-control"] == "no-store"


def test_another_address_has_a_budget_of_its_own(limited):
    for _ in range(MANY + 1):
        last = limited("192.0.2.1").get("/books")
    assert last.status_code == 429
    assert limited("192.0.2.2").get("/books").status_code == 200


def test_the_addresses_of_one_network_of_ipv6_share_one(limited):
    answers = [
        limited(f"2001:db8::{each}").get("/").status_code for each in range(1, 5)
    ]
    assert answers == [200] * MANY + [429]
    assert limited("2001:db8:1::1").get("/").status_code == 200


def test_behind_a_trusted_proxy_its_clients_are_counted(limited):
    proxy, other = limited("10.0.0.1"), limited("192.0.2.9")
    answers = [
        proxy.get("/", x_forwarded_for=f"198.51.100.{each}").status_code
        for each in range(5)
    ]
    assert answers == [200] * 5
    told = [
        other.get("/", x_forwarded_for=f"198.51.100.{each}").status_code
        for each in range(5)
    ]
    assert told == [200] * MANY + [429] * 2


def test_known_callers_are_counted_by_name_and_guesses_by_address(settings):
    async def told(req):
        name = req.get_header("X-Name")
        if name == "?":
            raise InvalidToken("It is not valid.")
        return Caller(Role.ADMIN, name) if name else Caller(Role.STRANGER)

    guarded = replace(settings, auth="token", rate_limit=f"{MANY}/hour")
    app = create_app(guarded, told)
    client = Client(app, client_address="192.0.2.1")
    for name in ("ann", "bob"):
        answers = [client.get("/", x_name=name).status_code for _ in range(MANY + 1)]
        assert answers == [200] * MANY + [429]
    guesses = [client.get("/", x_name="?").status_code for _ in range(MANY + 1)]
    assert guesses == [401] * MANY + [429]
    # Who shows no token comes from the same address.
    assert client.get("/").status_code == 429
    assert client.get("/", x_name="cleo").status_code == 200


def test_without_a_limit_nothing_is_told(client):
    answer = client.get("/books")
    assert not any(name.startswith("ratelimit") for name in answer.headers)


def test_the_description_tells_of_the_limit(settings):
    told = Client(create_app(replace(settings, rate_limit="9/hour")))
    paths = told.get("/openapi.json").json["paths"]
    assert all(
        "429" in each["responses"] for item in paths.values() for each in item.values()
    )
