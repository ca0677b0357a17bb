"""Requests that a page of another site made a browser send.

Without this a page anywhere could make a visitor's browser write to a server on the
visitor's own machine, which has no other protection.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({b"same-origin", b"none"})


def is_cross_site(method: str, fields: Mapping[bytes, bytes]) -> bool:
    """Whether the request would write for a page of another origin.

    Browsers tell by `Sec-Fetch-Site` (W3C Fetch Metadata), older ones by `Origin` (RFC
    6454), which must name this very host and port. Who sends neither is no browser.
    """
    if method in SAFE_METHODS:
        return False
    site = fields.get(b"sec-fetch-site")
    if site is not None and site not in _OWN:
        return True
    origin = fields.get(b"origin")
    return origin is not None and not _is_here(origin, fields.get(b"host", b""))


def _is_here(origin: bytes, host: bytes) -> bool:
    try:
        parts = urlsplit(origin.decode("latin-1"))
    except ValueError:
        return False
    is_web = parts.scheme in {"http", "https"}
    return is_web and parts.netloc.lower() == host.decode("latin-1").lower()
