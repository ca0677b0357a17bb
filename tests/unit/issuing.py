"""A small issuer of our own: its keys, its tokens, and its server on loopback."""

import asyncio
import json
import threading
import time
from base64 import urlsafe_b64encode
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import strategies as st

from api.authentication.issuer_keys import (
    ALGORITHMS,
    PACE_OF_URL,
    IssuerKeys,
    keys_at,
    keys_in,
)
from api.authentication.jwt_tokens import JwtVerifier
from api.errors import InvalidToken
from api.settings import Settings

ISSUER = "https://issuer.example"
AUDIENCE = "https://shop.example"
ABSENT = object()


@cache
def private_key(algorithm, number=0):
    """A key of ours; one for each number."""
    match algorithm:
        case "RS256":
            return rsa.generate_private_key(65537, 2048)
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate()


def jwk_of(key, algorithm, **members):
    document = jwt.get_algorithm_by_name(algorithm).to_jwk(key, as_dict=True)
    return present(document | members)


def public_jwk(algorithm="ES256", number=0, **members):
    """The public key with that number, as the issuer would publish it."""
    given = {"kid": f"{algorithm}.{number}", "use": "sig", "alg": algorithm}
    public = private_key(algorithm, number).public_key()
    return jwk_of(public, algorithm, **(given | members))


def present(members):
    return {name: value for name, value in members.items() if value is not ABSENT}


def jwks(*keys):
    return json.dumps({"keys": keys}).encode()


def part(content):
    octets = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(octets).rstrip(b"=")


def signed(header, claims, key, algorithm):
    """A JWS of whatever header and claims."""
    message = part(header) + b"." + part(claims)
    signature = jwt.get_algorithm_by_name(algorithm).sign(message, key)
    return (message + b"." + part(signature)).decode()


def header_of(algorithm="ES256", number=0, **members):
    fields = {"alg": algorithm, "typ": "at+jwt", "kid": f"{algorithm}.{number}"}
    return present(fields | members)


def claims_of(**members):
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "exp": in_seconds(300),
        "role": "editor",
    }
    return present(claims | members)


def in_seconds(seconds):
    return int(time.time()) + seconds


def token(algorithm="ES256", number=0, header=None, **claims):
    """A token that is right but for what is given."""
    fields = header_of(algorithm, number, **(header or {}))
    return signed(
        fields, claims_of(**claims), private_key(algorithm, number), algorithm
    )


def settings_of(**changed):
    given = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}
    return Settings(auth="jwt", **(given | changed))


def verifier_of(document, **settings):
    """A verifier that is given the keys in the document."""
    keys = IssuerKeys(lambda: keys_in(document), PACE_OF_URL)
    return JwtVerifier(settings_of(**settings), keys)


def verifier_at(place, clock=time.monotonic, timeout=5.0):
    """A verifier that reads its keys from a file or URL."""
    keys = keys_at(str(place), clock=clock, timeout=timeout)
    return JwtVerifier(settings_of(), keys)


def one_of_each():
    return jwks(*(public_jwk(algorithm) for algorithm in ALGORITHMS))


def caller_of(text, document=None, **settings):
    verifier = verifier_of(document or one_of_each(), **settings)
    return asyncio.run(verifier.caller_of(text))


def refusal(text, document=None, **settings):
    with pytest.raises(InvalidToken) as caught:
        caller_of(text, document, **settings)
    return caught.value


async def outcome_of(verifier, text):
    try:
        return await verifier.caller_of(text)
    except InvalidToken as error:
        return error


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


class Issuer:
    """A small issuer on loopback, which can be stopped, slow, broken and held up."""

    def __init__(self):
        self.document = jwks(public_jwk())
        self.status = 200
        self.location = None
        self.drip = None
        self.asked = 0
        self.agents = set()
        self.gate = threading.Event()
        self.gate.set()
        self.is_asked = threading.Event()
        self._server = None
        self.start(0)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/jwks"

    def start(self, port):
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                with suppress(OSError):
                    issuer.answer(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def restart(self):
        self.start(self.port)

    def stop(self):
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, handler):
        self.asked += 1
        self.agents.add(handler.headers["User-Agent"])
        self.is_asked.set()
        self.gate.wait(5)
        is_redirect = self.location and handler.path == "/jwks"
        handler.send_response(302 if is_redirect else self.status)
        if is_redirect:
            handler.send_header("Location", self.location)
        handler.end_headers()
        for each in [self.document] if not self.drip else self.document.decode():
            handler.wfile.write(each.encode() if self.drip else each)
            time.sleep(self.drip or 0)
