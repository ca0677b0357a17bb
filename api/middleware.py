"""What happens to every request before its resource is looked for."""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import falcon.asgi

from api.authentication.browser import (
    PREFLIGHT_FIELDS,
    cors_fields,
    is_cross_site,
    is_preflight,
)
from api.errors import (
    Forbidden,
    HeadersTooLarge,
    MalformedRequest,
    MethodNotAllowed,
    MisdirectedRequest,
    NotAcceptable,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    UriTooLong,
)
from api.protocol.addresses import client_address, is_trusted, site_of
from api.protocol.answers import STATUS_LINES
from api.protocol.bodies import is_form, read_body
from api.protocol.form_posts import read_form_post
from api.protocol.negotiation import negotiate, split_suffix, variant_of_suffix
from api.protocol.rates import Rates
from api.protocol.request import METHODS, ApiRequest
from api.roles import ANYONE, EVERYTHING, Access, Caller, Role
from api.settings import Network, Settings

LARGEST_QUERY = 2048
LARGEST_PATH = 8192
LARGEST_HEADERS = 16_384
_READING = ("GET", "HEAD")
_PORT = re.compile(r":[0-9]*\Z")
# Segments, of which none is made of dots alone: clients would resolve those.
_PREFIX = re.compile(r"(?=.{1,256}\Z)(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+")


Authenticate = Callable[[ApiRequest], Awaitable[Caller]]
"""A function that tells who sends a request."""
RequireOwn = Callable[[Caller, dict[str, str]], Awaitable[None]]
"""A function that refuses paths, by their keys, that lead to what is another's."""


async def whoever(_req: ApiRequest) -> Caller:
    """Anyone: without authentication all callers are the same."""
    return ANYONE


class Shell:
    """Checks a request's frame and settles how it is to be answered."""

    def __init__(
        self,
        settings: Settings,
        authenticate: Authenticate,
        require_own: RequireOwn,
        rates: Rates,
    ) -> None:
        self._trusted: tuple[Network, ...] = settings.trusted_proxies
        self._hosts = settings.hosts
        self._origins = frozenset(settings.cors_origins)
        self._authenticate = authenticate
        self._require_own = require_own
        self._rates = rates

    async def process_request(
        self, req: ApiRequest, resp: falcon.asgi.Response
    ) -> None:
        """Refuse what is malformed or too large; find out who asks.

        Raises:
            MalformedRequest: there is no Host.
            MisdirectedRequest: the Host is none of this server's.
            InvalidToken: the request carries a token that is not valid.
            TooManyRequests: the caller has asked too often.
            UriTooLong: the path or the query is too long.
            HeadersTooLarge: the header fields together are.
            NotFound: the path begins with two slashes.
            Forbidden: a page of another site wants to write.
            BodyTooLarge: a form is.
            MalformedBody: a form can't be read.
        """
        self._take_address(req)
        self._require_frame(req)
        if req.method == "OPTIONS" and is_preflight(req.fields, self._origins):
            resp.set_headers(PREFLIGHT_FIELDS)
            resp.status, resp.complete = STATUS_LINES[HTTPStatus.NO_CONTENT], True
            return
        self._take_mount(req)
        if req.path.startswith("//"):
            # Such a path in an href would name another host (RFC 3986, section 4.2).
            raise NotFound("No path here begins with two slashes.")
        if is_cross_site(req.method, req.fields, self._origins):
            raise Forbidden("A page of another site may not write here.")
        try:
            req.caller = await self._authenticate(req)
        except Unauthenticated:
            # Who guesses tokens is counted by where it is.
            await self._count(req)
            raise
        await self._count(req)
        req.path, req.suffix = split_suffix(req.path)
        if req.method == "POST" and is_form(req) and self._is_browser(req):
            req.take_form(read_form_post(await read_body(req)))

    async def process_resource(
        self,
        req: ApiRequest,
        _resp: falcon.asgi.Response,
        resource: Any,
        params: dict[str, str],
    ) -> None:
        """Settle the representation, and refuse what the caller may not do.

        This comes before anything of the body is read.

        Raises:
            MethodNotAllowed: no resource has such a method.
            NotAcceptable: there is no representation that the client accepts.
            Unauthenticated: only who is known may use the method here.
            Forbidden: the caller's role does not allow it.
            NotFound: the caller may not even know what is here.
        """
        if req.method not in METHODS:
            raise MethodNotAllowed(
                f"{req.method} is not known here; there are {resource.allow}.",
                headers={"Allow": resource.allow},
            )
        caller = req.caller
        if caller.rights != EVERYTHING:
            if not caller.rights.see(resource.access):
                # The same words as where there is nothing.
                raise NotFound(f"No resource stands at {req.path!r}.")
            if caller.customer is not None:
                await self._require_own(caller, params)
            _require_right(req, resource.access)
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

    def _require_frame(self, req: ApiRequest) -> None:
        host = req.fields.get(b"host")
        if not host:
            raise MalformedRequest("The request has no Host header.")
        if self._hosts and _without_port(host) not in self._hosts:
            raise MisdirectedRequest("Nothing here answers for the Host that you name.")
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

    async def _count(self, req: ApiRequest) -> None:
        """Count the request with its caller, or with where it came from."""
        if not self._rates.are_limited:
            return
        name = req.caller.name
        key = f"site {site_of(req.address or '')}" if name is None else f"user {name}"
        req.rate = await self._rates.hit(key)
        if not req.rate.is_allowed:
            limits = " and ".join(req.rate.exceeded)
            raise TooManyRequests(
                f"Too many requests in a {limits}; try again in "
                f"{req.rate.retry_after} seconds."
            )

    def _take_address(self, req: ApiRequest) -> None:
        """Note who sent the request, or for whom a trusted proxy did."""
        client = req.scope.get("client")
        req.address = client[0] if client else None
        if self._trusted and is_trusted(req.address, self._trusted):
            req.is_proxied = True
            forwarded = req.get_header("X-Forwarded-For")
            req.address = client_address(req.address, forwarded, self._trusted)

    def _take_mount(self, req: ApiRequest) -> None:
        """Note the prefix that the server or a trusted proxy has, and take it off."""
        prefix: str = req.scope.get("root_path", "")
        if req.is_proxied:
            prefix = req.get_header("X-Forwarded-Prefix", default=prefix)
        if not prefix:
            return
        prefix = prefix.rstrip("/")
        if _PREFIX.fullmatch(prefix):
            req.mount = prefix
            if f"{req.path}/".startswith(f"{prefix}/"):
                req.path = req.path[len(prefix) :] or "/"


class Life:
    """What is to be done when the process begins to serve, and when it ends."""

    def __init__(
        self,
        begin: Sequence[Callable[[], Awaitable[None]]],
        end: Sequence[Callable[[], Awaitable[None]]],
    ) -> None:
        self._begin, self._end = begin, end

    async def process_startup(self, _scope: dict[str, Any], _event: Any) -> None:
        """Do what makes the first request as quick as the others."""
        for each in self._begin:
            await each()

    async def process_shutdown(self, _scope: dict[str, Any], _event: Any) -> None:
        """Finish the writes that wait and close what is open."""
        for each in self._end:
            await each()


class Marks:
    """Adds to every answer what depends on who asks, and from where.

    It is there only where settings make a difference between callers.
    """

    def __init__(self, settings: Settings) -> None:
        self._nobody = settings.nobody
        self._origins = frozenset(settings.cors_origins)

    async def process_response(
        self,
        req: ApiRequest,
        resp: falcon.asgi.Response,
        _resource: object,
        _req_succeeded: bool,
    ) -> None:
        """Keep answers to different callers apart, and let friends' pages read them."""
        if self._nobody is not None:
            resp.append_header("Vary", "Authorization")
            if req.caller.role is not self._nobody:
                cache = resp.get_header("Cache-Control", default="")
                resp.set_header("Cache-Control", cache.replace("public", "private"))
        resp.set_headers(req.rate.headers)
        if self._origins:
            resp.append_header("Vary", "Origin")
            resp.set_headers(cors_fields(req.fields, self._origins))


def _require_right(req: ApiRequest, access: Access) -> None:
    """Refuse what the caller may not do."""
    rights = req.caller.rights
    if rights.may(req.method, access):
        return
    if rights.role.rank <= Role.VISITOR.rank:
        raise Unauthenticated(f"Only who is known may {req.method} here.")
    raise Forbidden(f"Who is {rights.role} may not {req.method} here.")


@lru_cache(maxsize=256)
def _without_port(host: bytes) -> str:
    """The name in a Host header (RFC 9110, section 7.2), in lower case."""
    return _PORT.sub("", host.decode("latin-1").lower())
