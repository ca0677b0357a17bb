"""Tokens over HTTP: who shows which one, and how answers to callers differ."""

from dataclasses import replace
from http.client import parse_headers
from io import BytesIO

import pytest

from api.app import create_app
from api.authentication.tokens import beginning_of, digest_of, new_token
from api.roles import Role
from api.storage.opening import engine_at
from api.storage.tokens import NewToken, keep_token
from tests.client import Client
from tests.shop import a_book


class Bearers(Client):
    """A client of a server that asks for tokens, which shows the one given to it."""

    def __init__(self, settings):
        super().__init__(create_app(settings))
        self._engine = engine_at(settings.database_url)

    def token(self, role, user="ann"):
        """A new token of the role."""
        token = new_token()
        kept = NewToken(digest_of(token), beginning_of(token), user, Role(role))
        with self._engine.connect() as connection:
            keep_token(connection, kept)
        return {"authorization": f"Bearer {token}"}


@pytest.fixture
def guarded(settings):
    return Bearers(replace(settings, auth="token"))


@pytest.fixture
def public(settings):
    return Bearers(replace(settings, auth="token", public_reads=True))


def test_without_a_token_nothing_is_read(guarded):
    answer = guarded.get("/books")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="waymark"'
    assert answer.json["type"] == "/problems/unauthenticated"
    assert answer.headers["vary"] == "Accept, Authorization"


def test_the_problem_s_type_answers_to_anyone(guarded):
    for path in ("/problems/unauthenticated", "/assets/style.css"):
        assert guarded.get(path).status_code == 200


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer ", id="an empty token"),
        pytest.param("Bearer waymark_x", id="malformed"),
        pytest.param("bearer a b", id="two tokens"),
        pytest.param("Bearer ü", id="not ASCII"),
        pytest.param("Bearer " + "a" * 9000, id="too long"),
        pytest.param(f"Bearer {new_token()}", id="unknown"),
    ],
)
def test_a_bad_token_is_refused_even_where_none_is_needed(public, credentials):
    answer = public.simulate_get("/books", headers={"Authorization": credentials})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert credentials[7:] not in answer.text or len(credentials) < 9


@pytest.mark.parametrize("credentials", ["Basic YTpi", "Digest x", "", "waymark"])
def test_other_credentials_are_none(public, credentials):
    headers = {"Authorization": credentials}
    assert public.simulate_get("/books", headers=headers).status_code == 200
    answer = public.simulate_post("/books", json={}, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="waymark"'


def test_a_token_may_stand_behind_a_scheme_in_any_case(guarded):
    token = guarded.token("reader")["authorization"]
    for credentials in (token, token.replace("Bearer", "bearer"), "BEARER" + token[6:]):
        assert guarded.get("/books", authorization=credentials).status_code == 200


def test_refusals_come_before_the_body_is_looked_at(guarded):
    headers = {"Content-Type": "image/png"}
    send = guarded.simulate_post
    assert send("/books", body=b"<", headers=headers).status_code == 401
    headers |= {"Authorization": guarded.token("reader")["authorization"]}
    assert send("/books", body=b"<", headers=headers).status_code == 403
    headers |= {"Authorization": guarded.token("editor")["authorization"]}
    assert send("/books", body=b"<", headers=headers).status_code == 415


def test_what_needed_a_token_is_private(guarded, public):
    admin = guarded.token("admin")
    a_book(Known(guarded, admin))
    for path in ("/books", "/books/1", "/", "/schemas/book", "/openapi.json"):
        answer = guarded.get(path, **admin)
        assert answer.headers["cache-control"].startswith("private"), path
        assert "Authorization" in answer.headers["vary"]
        anyone = public.get(path)
        assert anyone.headers["cache-control"].startswith("public"), path
        assert "Authorization" in anyone.headers["vary"]


class Known:
    """A client that shows a token with each request."""

    def __init__(self, client, fields):
        self.client, self.fields = client, fields

    def __getattr__(self, name):
        send = getattr(self.client, name)
        return lambda *args, **headers: send(*args, **self.fields, **headers)


@pytest.mark.parametrize("path", ["/", "/books", "/books/1", "/tasks", "/users"])
@pytest.mark.parametrize("media_type", ["*/*", "application/prs.hal-forms+json"])
def test_a_new_token_of_the_same_role_still_gets_its_304(guarded, path, media_type):
    first = guarded.token("admin")
    a_book(Known(guarded, first))
    etag = guarded.get(path, accept=media_type, **first).headers["etag"]
    fields = {"accept": media_type, "if_none_match": etag}
    second = guarded.token("admin", "somebody else")
    again = guarded.get(path, **fields, **second)
    assert again.status_code == 304
    assert "Authorization" in again.headers["vary"]
    assert again.headers["cache-control"].startswith("private")
    other = guarded.get(path, **fields, **guarded.token("reader"))
    assert other.status_code == (403 if path == "/users" else 200)


def test_keys_of_different_callers_are_different(guarded):
    ann, bob = guarded.token("editor"), guarded.token("editor", "bob")
    body, key = {"description": "x"}, {"idempotency_key": "the-same"}
    first = guarded.post("/tasks", body, **key, **ann)
    again = guarded.post("/tasks", body, **key, **guarded.token("editor"))
    other = guarded.post("/tasks", body, **key, **bob)
    assert first.headers["location"] == again.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert other.headers["location"] != first.headers["location"]


def test_in_open_mode_credentials_are_ignored(client):
    for credentials in ("Bearer nonsense", "Basic x", "ü"):
        assert client.get("/books", authorization=credentials).status_code == 200


def test_the_description_tells_that_a_token_is_needed(guarded, public, client):
    told = guarded.get("/openapi.json", **guarded.token("reader")).json
    assert told["security"] == [{"bearer": []}]
    assert told["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, item in told["paths"].items():
        is_free = path.startswith(("/problems", "/assets", "/docs/", "/health"))
        for operation in item.values():
            assert operation.get("security") == (
                [{}, {"bearer": []}] if is_free else None
            )
            assert "401" in operation["responses"]
    open_to_all = public.get("/openapi.json").json["paths"]
    assert open_to_all["/books"]["get"]["security"] == [{}, {"bearer": []}]
    assert "security" not in open_to_all["/books"]["post"]
    assert "security" not in open_to_all["/tasks"]["get"]
    assert client.get("/openapi.json").json["security"] == []


def test_a_challenge_can_be_parsed(guarded):
    headers = {"Authorization": f"Bearer {new_token()}"}
    line = guarded.simulate_get("/", headers=headers).headers["www-authenticate"]
    parsed = parse_headers(BytesIO(f"WWW-Authenticate: {line}\r\n\r\n".encode()))
    assert parsed["WWW-Authenticate"].startswith("Bearer realm=")
    assert line.count('"') % 2 == 0
