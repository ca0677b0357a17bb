"""What happens to every request before its resource is looked for."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import falcon.asgi

from api.authentication.browser import is_cross_site
from api.errors import (
    Forbidden,
    HeadersTooLarge,
    MalformedRequest,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    UriTooLong,
)
from api.protocol.bodies import is_form, read_body
from api.protocol.form_posts import read_form_post
from api.protocol.negotiation import negotiate, split_suffix, variant_of_suffix
from api.protocol.request import METHODS, ApiRequest
from api.roles import ANYONE, Caller, Role, may
from api.settings import Network, Settings

LARGEST_QUERY = 2048
LARGEST_PATH = 8192
LARGEST_HEADERS = 16_384
_READING = ("GET", "HEAD")
# Segments, of which none is made of dots alone: clients would resolve those.
_PREFIX = re.compile(r"(?=.{1,256}\Z)(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+")


Authenticate = Callable[[ApiRequest], Caller]
"""A function that tells who sends a request."""


def whoever(_req: ApiRequest) -> Caller:
    """Anyone: without authentication all callers are the same."""
    return ANYONE


class Shell:
    """Checks a request's frame and settles how it is to be answered."""

    def __init__(
        self,
        settings: Settings,
        authenticate: Authenticate,
        close: Callable[[], None],
    ) -> None:
        self._trusted: tuple[Network, ...] = settings.trusted_proxies
        self._authenticate = authenticate
        self._close = close

    async def process_request(
        self, req: ApiRequest, _resp: falcon.asgi.Response
    ) -> None:
        """Refuse what is malformed or too large; find out who asks.

        Raises:
            MalformedRequest: there is no Host.
            UriTooLong: the path or the query is too long.
            HeadersTooLarge: the header fields together are.
            NotFound: the path begins with two slashes.
            Forbidden: a page of another site wants to write.
            BodyTooLarge: a form is.
            MalformedBody: a form can't be read.
        """
        self._require_frame(req)
        self._take_mount(req)
        if req.path.startswith("//"):
            # Such a path in an href would name another host (RFC 3986, section 4.2).
            raise NotFound("No path here begins with two slashes.")
        if is_cross_site(req.method, req.fields):
            raise Forbidden("A page of another site may not write here.")
        req.caller = self._authenticate(req)
        req.path, req.suffix = split_suffix(req.path)
        if req.method == "POST" and is_form(req) and self._is_browser(req):
            req.take_form(read_form_post(await read_body(req)))

    async def process_resource(
        self,
        req: ApiRequest,
        _resp: falcon.asgi.Response,
        resource: Any,
        _params: dict[str, str],
    ) -> None:
        """Settle the representation, and refuse what the caller may not do.

        This comes before anything of the body is read.

        Raises:
            MethodNotAllowed: no resource has such a method.
            NotAcceptable: there is no representation that the client accepts.
            Forbidden: the caller's role does not allow the method here.
        """
        if req.method not in METHODS:
            raise MethodNotAllowed(
                f"{req.method} is not known here; there are {resource.allow}.",
                headers={"Allow": resource.allow},
            )
        if req.form is not None:
            req.resource = resource
        is_read = req.method in _READING
        # What a suffix names can be asked for its methods wherever it can be read.
        is_read = is_read or (req.method == "OPTIONS" and bool(req.suffix))
        formats = resource.read_formats if is_read else resource.formats
        if req.suffix:
            req.variant = variant_of_suffix(req.suffix, formats)
        else:
            req.variant = negotiate(req.get_header("Accept"), formats)
        role = req.caller.role
        if role is not Role.ADMIN and not may(role, req.method, resource.noun):
            raise Forbidden(f"Who is only {role} may not {req.method} here.")

    async def process_shutdown(self, _scope: dict[str, Any], _event: Any) -> None:
        """Finish the writes that wait and close what is open."""
        self._close()

    def _require_frame(self, req: ApiRequest) -> None:
        if not req.fields.get(b"host"):
            raise MalformedRequest("The request has no Host header.")
        if len(req.query_string) > LARGEST_QUERY:
            raise UriTooLong(f"A query string may have at most {LARGEST_QUERY} octets.")
        if len(req.path) > LARGEST_PATH:
            raise UriTooLong(f"A path may have at most {LARGEST_PATH} characters.")
        size = 0
        for name, value in req.scope["headers"]:
            size += len(name) + len(value)
        if size > LARGEST_HEADERS:
            raise HeadersTooLarge(
                f"Header fields may have at most {LARGEST_HEADERS} octets."
            )

    def _is_browser(self, req: ApiRequest) -> bool:
        """Whether who sends the request reads HTML before anything else."""
        try:
            return negotiate(req.get_header("Accept")).format.for_people
        except NotAcceptable:
            return False

    def _take_mount(self, req: ApiRequest) -> None:
        """Note the prefix that the server or a trusted proxy has, and take it off."""
        prefix: str = req.scope.get("root_path", "")
        if self._trusted and self._is_trusted(req.scope.get("client")):
            prefix = req.get_header("X-Forwarded-Prefix", default=prefix)
        if not prefix:
            return
        prefix = prefix.rstrip("/")
        if _PREFIX.fullmatch(prefix):
            req.mount = prefix
            if f"{req.path}/".startswith(f"{prefix}/"):
                req.path = req.path[len(prefix) :] or "/"

    def _is_trusted(self, client: tuple[str, int] | None) -> bool:
        if client is None:
            return False
        address = ip_address(client[0])
        return any(address in network for network in self._trusted)
