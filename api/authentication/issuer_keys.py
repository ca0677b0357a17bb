"""The keys with which an issuer signs tokens: a JWKS (RFC 7517), kept up to date.

They come from a file or a URL, always in a thread, so that the event loop never waits.
Where the issuer is down, the keys that were read last go on being used.
"""

import asyncio
import http.client
import json
import logging
import math
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit

import jwt

from api.errors import Unavailable

_log = logging.getLogger("waymark.authentication")

LARGEST_JWKS = 1 << 20
SHORTEST_RSA = 2048
ALGORITHMS = {
    "RS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""The algorithms that are accepted, each with the `kty` and `crv` of its keys."""

Keys = tuple[jwt.PyJWK, ...]
Load = Callable[[], Keys | None]
"""What reads the keys in a thread; it gives None if they did not change."""


class Pace(NamedTuple):
    """How often keys are read again, in seconds.

    Keys older than `fresh` are read anew in the background; after `idle` without any
    attempt, who asks waits for them. Attempts are at least `pause` apart, whatever
    tokens name, and nobody waits for one longer than `patience`.
    """

    fresh: float
    idle: float
    pause: float
    patience: float = 5


PACE_OF_FILE = Pace(fresh=5, idle=5, pause=5)
PACE_OF_URL = Pace(fresh=300, idle=600, pause=10)


class IssuerKeys:
    """The keys of one issuer, for the requests of one event loop."""

    def __init__(
        self, load: Load, pace: Pace, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._pace = pace
        self._clock = clock
        self._keys: Keys | None = None
        self._read_at = self._tried_at = -math.inf
        self._reading: asyncio.Task[None] | None = None

    async def find(self, algorithm: str, kid: str | None) -> jwt.PyJWK | None:
        """The one key for the algorithm that is called so, or the only one at all.

        It is None if there is no such key, or more than one.

        Raises:
            Unavailable: the keys could never be read.
        """
        await self._freshen()
        if not self._fitting(algorithm, kid):
            await self.renew()
        fitting = self._fitting(algorithm, kid)
        return fitting[0] if len(fitting) == 1 else None

    async def renew(self) -> None:
        """Wait until the keys are read anew, unless that was tried just now."""
        reading = self._begin()
        if reading:
            await asyncio.wait({reading}, timeout=self._pace.patience)

    async def _freshen(self) -> None:
        now = self._clock()
        if self._keys is None or now - self._tried_at > self._pace.idle:
            await self.renew()
        elif now - self._read_at > self._pace.fresh:
            self._begin()

    def _begin(self) -> asyncio.Task[None] | None:
        """The reading under way: a new one, unless the last was tried just now."""
        if self._reading is None or self._reading.done():
            if self._clock() - self._tried_at < self._pace.pause:
                return None
            self._tried_at = self._clock()
            self._reading = asyncio.create_task(self._read())
        return self._reading

    async def _read(self) -> None:
        try:
            keys = await asyncio.to_thread(self._load)
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as ex:
            # What http.client says may quote the URL, in which a password may stand.
            is_quoting = isinstance(ex, http.client.HTTPException)
            told = type(ex).__name__ if is_quoting else ex
            _log.warning("the keys of the issuer can't be read: %s", told)
            return
        self._read_at = self._clock()
        if keys is not None:
            self._keys = keys
            if not keys:
                _log.warning("the issuer has no keys that can be used")

    def _fitting(self, algorithm: str, kid: str | None) -> list[jwt.PyJWK]:
        if self._keys is None:
            left = self._pace.pause - (self._clock() - self._tried_at)
            raise Unavailable(
                "The keys of who issues tokens can't be read now.",
                headers={"Retry-After": str(max(math.ceil(left), 1))},
            )
        return [
            key
            for key in self._keys
            if key.algorithm_name == algorithm and (kid is None or kid == key.key_id)
        ]


def keys_at(
    place: str, *, clock: Callable[[], float] = time.monotonic, timeout: float = 5
) -> IssuerKeys:
    """The keys of a JWKS file, or of an http(s) URL; nothing is read yet."""
    if urlsplit(place).scheme in {"http", "https"}:
        return IssuerKeys(JwksUrl(place, timeout).load, PACE_OF_URL, clock)
    return IssuerKeys(JwksFile(Path(place)).load, PACE_OF_FILE, clock)


class JwksFile:
    """A JWKS file, which is read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] = ()

    def load(self) -> Keys | None:
        """The keys in the file; None if it is as it was the last time.

        Raises:
            OSError: it can't be read.
            ValueError: it is not a JWKS.
        """
        status = self._path.stat()
        seen = (status.st_mtime_ns, status.st_ino, status.st_size)
        if seen == self._seen:
            return None
        with self._path.open("rb") as file:
            keys = keys_in(file.read(LARGEST_JWKS + 1))
        self._seen = seen
        return keys


class JwksUrl:
    """A JWKS behind an http(s) URL."""

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_RedirectsWithinScheme)
        self._opener.addheaders = [
            # Some hosts turn away what calls itself Python-urllib.
            ("User-Agent", "waymark"),
            ("Accept", "application/jwk-set+json, application/json"),
        ]

    def load(self) -> Keys:
        """The keys that the URL answers with.

        Raises:
            OSError, HTTPException: it can't be had, or not in time.
            ValueError: it is not a JWKS.
        """
        try:
            with self._opener.open(self._url, timeout=self._timeout) as answer:
                return keys_in(self._body(answer))
        except HTTPError as ex:
            ex.close()
            raise

    def _body(self, answer: http.client.HTTPResponse) -> bytes:
        # The opener's timeout is for each packet: a slow drip would last for ever.
        deadline = time.monotonic() + self._timeout
        body = bytearray()
        while len(body) <= LARGEST_JWKS and (part := answer.read1(1 << 16)):
            if time.monotonic() > deadline:
                raise TimeoutError("it came too slowly")
            body += part
        return bytes(body)


class _RedirectsWithinScheme(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != urlsplit(req.full_url).scheme:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def keys_in(document: bytes) -> Keys:
    """The public keys in a JWKS that can verify tokens here; the others are skipped.

    Raises:
        ValueError: it is too large, or not a JWKS.
    """
    if len(document) > LARGEST_JWKS:
        raise ValueError(f"it is larger than {LARGEST_JWKS} octets")
    match json.loads(document):
        case {"keys": [*listed]}:
            return tuple(key for each in listed if (key := _key(each)))
    raise ValueError("it is not a JWKS (RFC 7517, section 5)")


def _key(jwk: Any) -> jwt.PyJWK | None:
    # A private key that was published proves nothing any more.
    if not isinstance(jwk, dict) or "d" in jwk or jwk.get("use", "sig") != "sig":
        return None
    kind = (jwk.get("kty"), jwk.get("crv"))
    for algorithm, wanted in ALGORITHMS.items():
        if kind == wanted and jwk.get("alg", algorithm) == algorithm:
            return _built(jwk, algorithm)
    return None


def _built(jwk: dict[str, Any], algorithm: str) -> jwt.PyJWK | None:
    try:
        key = jwt.PyJWK(jwk, algorithm)
    except jwt.PyJWTError:
        return None
    # PyJWT only warns of them.
    if algorithm == "RS256" and key.key.key_size < SHORTEST_RSA:
        return None
    return key
