"""What happens to every request before its resource is looked for."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import falcon.asgi

from api.errors import HeadersTooLarge, MalformedRequest, MethodNotAllowed, UriTooLong
from api.protocol.negotiation import negotiate, split_suffix, variant_of_suffix
from api.protocol.request import ApiRequest
from api.settings import Network, Settings

LARGEST_QUERY = 2048
LARGEST_PATH = 8192
LARGEST_HEADERS = 16_384
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Shell:
    """Checks a request's frame and settles how it is to be answered."""

    def __init__(self, settings: Settings, close: Callable[[], None]) -> None:
        self._trusted: tuple[Network, ...] = settings.trusted_proxies
        self._close = close

    async def process_request(
        self, req: ApiRequest, _resp: falcon.asgi.Response
    ) -> None:
        """Refuse what is malformed or too large; find the representation.

        Raises:
            MethodNotAllowed: no resource has such a method.
            MalformedRequest: there is no Host.
            UriTooLong: the path or the query is too long.
            HeadersTooLarge: the header fields together are.
            NotAcceptable: there is no representation that the client accepts.
        """
        self._require_frame(req)
        if self._trusted:
            req.mount = self._mount(req)
        req.path, suffix = split_suffix(req.path)
        req.variant = (
            variant_of_suffix(suffix) if suffix else negotiate(req.get_header("Accept"))
        )

    async def process_shutdown(self, _scope: dict[str, Any], _event: Any) -> None:
        """Finish the writes that wait and close what is open."""
        self._close()

    def _require_frame(self, req: ApiRequest) -> None:
        if req.method not in _METHODS:
            raise MethodNotAllowed(
                f"{req.method} is not known here.",
                headers={"Allow": ", ".join(_METHODS)},
            )
        if not req.fields.get(b"host"):
            raise MalformedRequest("The request has no Host header.")
        if len(req.query_string) > LARGEST_QUERY:
            raise UriTooLong(f"A query string may have {LARGEST_QUERY} octets.")
        if len(req.path) > LARGEST_PATH:
            raise UriTooLong(f"A path may have {LARGEST_PATH} octets.")
        size = 0
        for name, value in req.scope["headers"]:
            size += len(name) + len(value)
        if size > LARGEST_HEADERS:
            raise HeadersTooLarge(f"Header fields may have {LARGEST_HEADERS} octets.")

    def _mount(self, req: ApiRequest) -> str:
        """The prefix that a trusted proxy took off the path, without a last slash."""
        client = req.scope.get("client")
        prefix = req.get_header("X-Forwarded-Prefix", default="")
        if client is None or not prefix.startswith("/") or prefix.startswith("//"):
            return ""
        address = ip_address(client[0])
        if not any(address in network for network in self._trusted):
            return ""
        return prefix.rstrip("/") if prefix.isascii() and prefix.isprintable() else ""
