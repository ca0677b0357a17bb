"""Requests that a page of another site made a browser send.

Without this a page anywhere could make a visitor's browser write to a server on the
visitor's own machine, which has no other protection.
"""

from collections.abc import Mapping, Set
from urllib.parse import urlsplit

from api.protocol.caching import NO_STORE
from api.protocol.request import METHODS

LONGEST_PREFLIGHT = 600
"""How many seconds a browser may remember what a preflight told it."""
PREFLIGHT_FIELDS = {
    "access-control-allow-methods": ", ".join(METHODS),
    "access-control-allow-headers": "Authorization, Content-Type, If-Match, "
    "If-None-Match, If-Modified-Since, If-Unmodified-Since, Idempotency-Key, Prefer",
    "access-control-max-age": str(LONGEST_PREFLIGHT),
    "cache-control": NO_STORE,
    "vary": "Accept",
    "x-content-type-options": "nosniff",
}
"""What a page of a friendly origin may send (W3C Fetch, CORS protocol)."""
_EXPOSED = (
    "Link, Location, Content-Location, ETag, Allow, Accept-Patch, Accept-Post, "
    "Retry-After, RateLimit, RateLimit-Policy, Preference-Applied, "
    "Idempotency-Replayed, WWW-Authenticate"
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({b"same-origin", b"none"})


def is_cross_site(
    method: str, fields: Mapping[bytes, bytes], friends: Set[str] = frozenset()
) -> bool:
    """Whether the request would write for a page of an origin that may not.

    Those that may are this one and its `friends`. Browsers tell by `Sec-Fetch-Site`
    (W3C Fetch Metadata), older ones by `Origin` (RFC 6454), which must name this very
    host and port. Who sends neither is no browser.
    """
    if method in SAFE_METHODS:
        return False
    if _friend(fields, friends):
        return False
    site = fields.get(b"sec-fetch-site")
    if site is not None and site not in _OWN:
        return True
    origin = fields.get(b"origin")
    return origin is not None and not _is_here(origin, fields.get(b"host", b""))


def is_preflight(fields: Mapping[bytes, bytes], friends: Set[str]) -> bool:
    """Whether a browser asks in advance what a page of a friend may send."""
    is_asking = b"access-control-request-method" in fields
    return is_asking and bool(_friend(fields, friends))


def cors_fields(fields: Mapping[bytes, bytes], friends: Set[str]) -> Mapping[str, str]:
    """The header fields that let a page of a friend read an answer; else none."""
    friend = _friend(fields, friends)
    if not friend:
        return {}
    return {
        "access-control-allow-origin": friend,
        "access-control-expose-headers": _EXPOSED,
    }


def _friend(fields: Mapping[bytes, bytes], friends: Set[str]) -> str:
    """The origin that asks, as it wrote itself, if it is one of the friends."""
    if not friends:
        return ""
    origin = fields.get(b"origin", b"").decode("latin-1")
    return origin if origin.lower() in friends else ""


def _is_here(origin: bytes, host: bytes) -> bool:
    try:
        parts = urlsplit(origin.decode("latin-1"))
    except ValueError:
        return False
    is_web = parts.scheme in {"http", "https"}
    return is_web and parts.netloc.lower() == host.decode("latin-1").lower()
