"""A private cache (RFC 9111): fresh answers are used, stale ones revalidated.

What was got with one credential is never shown with another: the credential is part of
the key, as a digest.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from httpx2 import Headers

from waymark_client.exchange import Request, Response
from waymark_client.links import joined

_KEPT_STATUSES = frozenset({200, 203, 301, 308, 410})
_CREDENTIALS = ("authorization", "cookie")
_LARGEST = 1 << 20
"""Bodies of more octets are not kept."""
_MOST_VARIANTS = 8
"""Of one URI, in other formats or languages."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A response as it came, the fields of the request it varies by, and when."""

    response: Response
    varied: Mapping[str, str | None]
    received: float

    def is_for(self, request: Request) -> bool:
        """Whether the request would have been answered so."""
        fields = Headers(request.headers)
        return all(fields.get(name) == value for name, value in self.varied.items())

    def is_fresh(self, now: float) -> bool:
        """Whether it may be used without asking."""
        age = _seconds(self.response.headers.get("age")) or 0
        return now - self.received + age < lifetime_of(self.response.headers)

    @property
    def conditions(self) -> dict[str, str]:
        """The fields that ask whether it still holds; none without a validator."""
        headers = self.response.headers
        if "etag" in headers:
            return {"If-None-Match": headers["etag"]}
        if "last-modified" in headers:
            return {"If-Modified-Since": headers["last-modified"]}
        return {}


class Cache:
    """The responses of the last so many URIs, in memory, by credential and URI.

    `octets` bounds the sum of their bodies.
    """

    def __init__(
        self,
        most: int = 1_000,
        octets: int = 32 << 20,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._most = most
        self._most_octets = octets
        self._octets = 0
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], list[Stored]] = OrderedDict()
        # One client may serve several threads.
        self._lock = threading.Lock()

    def find(self, request: Request) -> Stored | None:
        """What answers the request, if it still holds."""
        key = _key_of(request)
        with self._lock:
            for stored in self._kept.get(key, []):
                if stored.is_for(request):
                    self._kept.move_to_end(key)
                    return stored
        return None

    def is_fresh(self, stored: Stored) -> bool:
        """Whether it may be used without asking."""
        return stored.is_fresh(self._clock())

    def keep(self, request: Request, response: Response) -> None:
        """Store the response to a GET, if it may be."""
        if not _may_be_kept(response):
            return
        fields = Headers(request.headers)
        varied = {
            name: fields.get(name) for name in _names(response.headers.get("vary"))
        }
        new = Stored(response, varied, self._clock())
        key = _key_of(request)
        with self._lock:
            others = [each for each in self._dropped(key) if not each.is_for(request)]
            self._kept[key] = [new, *others][:_MOST_VARIANTS]
            self._octets += _octets_of(self._kept[key])
            while len(self._kept) > self._most or self._octets > self._most_octets:
                self._dropped(next(iter(self._kept)))

    def revalidated(self, request: Request, stored: Stored, told: Response) -> Response:
        """The stored response with the fields that a 304 brought up to date."""
        headers = Headers(stored.response.headers)
        headers.update(told.headers)
        old = stored.response
        headers["content-length"] = str(len(old.body))
        whole = Response(old.status, headers, old.body, old.uri)
        self.keep(request, whole)
        return whole

    def forget(self, request: Request, response: Response) -> None:
        """Drop what a successful change has made doubtful, whoever has asked for it.

        That is the target with any query, and what the answer names as changed.
        """
        named = [
            response.headers.get(each) for each in ("location", "content-location")
        ]
        uris = [request.uri, *filter(None, named)]
        paths = {_path_of(joined(request.uri, each)) for each in uris}
        with self._lock:
            for key in [each for each in self._kept if _path_of(each[1]) in paths]:
                self._dropped(key)

    def _dropped(self, key: tuple[str, str]) -> list[Stored]:
        """What was kept under the key, and is no longer."""
        found = self._kept.pop(key, [])
        self._octets -= _octets_of(found)
        return found


def lifetime_of(headers: Headers) -> float:
    """The seconds for which a response is fresh."""
    rules = _rules(headers.get("cache-control"))
    if "no-cache" in rules:
        return 0
    if "max-age" in rules:
        return _seconds(rules["max-age"]) or 0
    try:
        expires = parsedate_to_datetime(headers["expires"])
        return (expires - parsedate_to_datetime(headers["date"])).total_seconds()
    except (KeyError, ValueError, TypeError):
        return 0


def _may_be_kept(response: Response) -> bool:
    headers = response.headers
    return (
        response.status in _KEPT_STATUSES
        and len(response.body) <= _LARGEST
        and "no-store" not in _rules(headers.get("cache-control"))
        and "*" not in _names(headers.get("vary"))
        and (
            "etag" in headers or "last-modified" in headers or lifetime_of(headers) > 0
        )
    )


def _key_of(request: Request) -> tuple[str, str]:
    fields = Headers(request.headers)
    credential = "\n".join(fields.get(name, "") for name in _CREDENTIALS)
    return hashlib.sha256(credential.encode()).hexdigest(), request.uri


def _octets_of(stored: list[Stored]) -> int:
    return sum(len(each.response.body) for each in stored)


def _path_of(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, parts.path


def _rules(field: str | None) -> dict[str, str]:
    parts = (each.strip().partition("=") for each in (field or "").split(","))
    return {name.lower(): value.strip('"') for name, _, value in parts}


def _names(field: str | None) -> list[str]:
    return [each.strip().lower() for each in (field or "").split(",") if each.strip()]


def _seconds(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
