"""The tokens of an issuer that others wrote, as real ones are."""

import asyncio
import os
import selectors
import subprocess
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
import requests
from liveserver import PATIENCE, free_port

from api.authentication.issuer_keys import keys_at
from api.authentication.jwt_tokens import JwtVerifier
from api.errors import InvalidToken
from api.roles import Caller, Role
from api.settings import Settings

PACKAGES = Path(__file__).parent.parent / "npm"
pytestmark = pytest.mark.skipif(
    not (PACKAGES / "node_modules" / "oidc-provider").exists()
    and not os.environ.get("CI"),
    reason="`npm ci` was not run in tests/npm; CI does it",
)
AUDIENCE = "https://shop.example"


class Issuer:
    """oidc-provider in a process of its own, with new keys at each start."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = None

    def start(self):
        self._process = subprocess.Popen(
            ["node", "issuer.mjs", str(self.port)],
            cwd=PACKAGES,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            assert selector.select(PATIENCE), "the issuer does not start"
        if self._process.stdout.readline() != "ready\n":
            raise AssertionError(self._process.communicate()[1])

    def stop(self):
        self._process.kill()
        self._process.communicate(timeout=PATIENCE)

    def settings(self):
        """What an operator would set, once the issuer's description was read."""
        described = self._ask("GET", "/.well-known/openid-configuration")
        return Settings(
            auth="jwt",
            jwt_jwks=described["jwks_uri"],
            jwt_issuer=described["issuer"],
            jwt_audience=AUDIENCE,
        )

    def token(self, algorithm="RS256"):
        """An access token by client credentials, signed by that algorithm."""
        form = {
            "grant_type": "client_credentials",
            "scope": "shop",
            "resource": f"{AUDIENCE}/{algorithm}",
        }
        credentials = ("till", "only-a-test")
        answer = self._ask("POST", "/token", data=form, auth=credentials)
        return answer["access_token"]

    def _ask(self, method, path, **arguments):
        answer = requests.request(
            method, self.url + path, timeout=PATIENCE, **arguments
        )
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def issuer():
    running = Issuer()
    running.start()
    yield running
    running.stop()


def test_its_tokens_name_their_bearer_by_each_algorithm(issuer):
    async def callers():
        verifier = JwtVerifier(issuer.settings())
        for algorithm in ("RS256", "ES256", "EdDSA"):
            token = issuer.token(algorithm)
            assert jwt.get_unverified_header(token)["alg"] == algorithm
            yield await verifier.caller_of(token)

    assert collected(callers()) == [Caller(Role.EDITOR, "till", 7)] * 3


def test_its_tokens_are_refused_where_they_are_not_meant_to_be(issuer):
    settings = issuer.settings()
    for changed in ({"jwt_audience": f"{AUDIENCE}/RS256"}, {"jwt_issuer": "x"}):
        verifier = JwtVerifier(replace(settings, **changed))
        with pytest.raises(InvalidToken):
            asyncio.run(verifier.caller_of(issuer.token()))


def test_its_keys_may_be_changed_while_we_run(issuer):
    now = [1_000.0]

    async def outcomes():
        settings = issuer.settings()
        keys = keys_at(settings.jwt_jwks, clock=lambda: now[0])
        verifier = JwtVerifier(settings, keys)
        old = issuer.token("ES256")
        yield await is_taken(verifier, old)
        issuer.stop()
        yield await is_taken(verifier, old)
        issuer.start()
        new = issuer.token("ES256")
        yield await is_taken(verifier, new)
        now[0] += 10
        yield await is_taken(verifier, new)
        yield await is_taken(verifier, old)

    assert collected(outcomes()) == [True, True, False, True, False]


async def is_taken(verifier, token):
    try:
        return bool(await verifier.caller_of(token))
    except InvalidToken:
        return False


def collected(generator):
    """What an asynchronous generator gives on an event loop of its own."""

    async def run():
        return [each async for each in generator]

    return asyncio.run(run())
