"""JWTs over HTTP: what the claims say holds for every request."""

from dataclasses import replace

import pytest

from api.app import create_app
from tests.client import Client
from tests.shop import a_customer, href
from tests.unit.issuing import AUDIENCE, ISSUER, in_seconds, jwks, public_jwk, token


@pytest.fixture
def issued(settings, tmp_path):
    """A client of a server that believes an issuer whose keys stand in a file."""
    keys = tmp_path / "jwks.json"
    keys.write_bytes(jwks(public_jwk()))
    return Client(
        create_app(
            replace(
                settings,
                auth="jwt",
                jwt_jwks=str(keys),
                jwt_issuer=ISSUER,
                jwt_audience=AUDIENCE,
            )
        )
    )


def shown(**claims):
    return {"authorization": f"Bearer {token(**claims)}"}


@pytest.mark.parametrize(
    ("role", "read", "write", "users"),
    [("reader", 200, 403, 403), ("editor", 200, 201, 403), ("admin", 200, 201, 200)],
)
def test_the_role_is_what_the_claim_says(issued, role, read, write, users):
    bearer = shown(role=role)
    assert issued.get("/tasks", **bearer).status_code == read
    made = issued.post("/tasks", {"description": "x"}, **bearer)
    assert made.status_code == write
    assert issued.get("/users", **bearer).status_code == users


def test_the_customer_is_the_only_one_that_is_seen(issued):
    admin = shown(role="admin")

    class Known:
        def post(self, path, body):
            return issued.post(path, body, **admin)

        get = put = None

    first, second = (a_customer(Known()) for _ in range(2))
    bound = shown(role="editor", customer=first["id"])
    assert issued.get(href(first), **bound).status_code == 200
    assert issued.get(href(second), **bound).status_code == 404
    assert issued.get("/customers", **bound).json["total"] == 1
    assert issued.get("/customers", **admin).json["total"] == 2


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": in_seconds(-60)},
        {"aud": "another"},
        {"iss": "another"},
        {"role": "king"},
    ],
)
def test_a_token_that_is_not_for_us_or_over_is_401(issued, claims):
    answer = issued.get("/books", **shown(**claims))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_token_of_another_kind_is_401(issued):
    assert issued.get("/", authorization="Bearer waymark_x").status_code == 401
    assert issued.get("/").status_code == 401


def test_another_token_of_the_same_role_gets_its_304(issued):
    etag = issued.get("/books", **shown(sub="ann")).headers["etag"]
    again = issued.get("/books", if_none_match=etag, **shown(sub="bob"))
    assert again.status_code == 304
