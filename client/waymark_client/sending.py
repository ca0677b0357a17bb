"""From a request to its answer: credentials, cache, attempts, redirects, problems."""

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict, TypeVar

from waymark_client.caching import Cache
from waymark_client.errors import (
    Interrupted,
    Problem,
    VersionMismatch,
    interrupted,
    problem_of,
)
from waymark_client.exchange import (
    Failure,
    Open,
    Pause,
    Plan,
    Request,
    Response,
    Stream,
)
from waymark_client.links import Links, joined, origin_of
from waymark_client.retrying import (
    Retries,
    is_done_once,
    may_have_been_done,
    may_pass,
)

ACCEPT = (
    "application/prs.hal-forms+json, application/hal+json;q=0.9, "
    "application/vnd.hal+json;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_MOST_REDIRECTS = 10
_SAME_METHOD = frozenset({307, 308})
_REDIRECTS = frozenset({301, 302, 303}) | _SAME_METHOD
_NOT_MODIFIED = 304
_GONE = frozenset({404, 410})
_VERSION_MISMATCH = 412

R = TypeVar("R", bound=Response | Failure)
Trace = Callable[[Request, Response | Failure], None]


class Options(TypedDict, total=False):
    """What a client may be told about its `Session`."""

    headers: Mapping[str, str]
    retries: Retries
    cache: Cache | None
    keeps_keys: bool | None
    trace: Trace | None


@dataclass(frozen=True, slots=True)
class Session:
    """What all requests of one client have in common.

    `headers` (the credential among them) go to the origin of the root alone. Whether
    the server keeps idempotency keys is read in its description, unless said here.
    """

    root: str
    headers: Mapping[str, str] = field(default_factory=dict)
    retries: Retries = field(default_factory=Retries)
    cache: Cache | None = field(default_factory=Cache)
    keeps_keys: bool | None = None
    trace: Trace | None = None

    def dressed(self, request: Request) -> Request:
        """The request with the fields of the client below its own."""
        own = self.headers if self.is_own(request.uri) else {}
        headers = {"Accept": ACCEPT, **own, **request.headers}
        if request.method == "POST":
            headers.setdefault("Idempotency-Key", f'"{uuid.uuid4()}"')
        return Request(request.method, request.uri, headers, request.body)

    def is_own(self, uri: str) -> bool:
        """Whether the URI is at the root's server."""
        return origin_of(uri) == origin_of(self.root)


def credential(token: str | None, user: tuple[str, str] | None) -> dict[str, str]:
    """The field that shows who asks."""
    if token is not None:
        return {"Authorization": f"Bearer {token}"}
    if user is not None:
        pair = base64.b64encode(":".join(user).encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {}


def answer(session: Session, request: Request) -> Plan[Response]:
    """The good answer to the request.

    Raises:
        Problem: the server refused, or failed as often as was tried.
        Interrupted: there was no answer; the request may have been done.
    """
    dressed = session.dressed(request)
    response = yield from _cached(session, dressed)
    for _ in range(_MOST_REDIRECTS):
        if response.status not in _REDIRECTS or "location" not in response.headers:
            break
        request = _redirected(request, response)
        dressed = session.dressed(request)
        response = yield from _cached(session, dressed)
    if not response.is_success:
        raise problem_of(dressed, response)
    return response


def opened(session: Session, request: Request) -> Plan[Stream]:
    """The answer to a GET whose body is to be read in parts.

    Raises:
        Problem: the server refused.
        Interrupted: there was no answer.
    """
    dressed = session.dressed(request)
    outcome = yield Open(dressed)
    if isinstance(outcome, Failure):
        raise interrupted(dressed, traced(session, dressed, outcome))
    assert isinstance(outcome, Stream)  # noqa: S101 - what a driver gives for Open
    traced(session, dressed, outcome.head)
    if not outcome.head.is_success:
        raise problem_of(dressed, outcome.head)
    return outcome


def once(session: Session, request: Request) -> Plan[Response | Failure]:
    """What comes of sending the request as it is, whatever that is."""
    outcome = yield request
    assert isinstance(outcome, Response | Failure)  # noqa: S101 - a driver's promise
    return traced(session, request, outcome)


def traced(session: Session, request: Request, outcome: R) -> R:
    """The outcome, once it has been shown to whoever watches."""
    if session.trace:
        session.trace(request, outcome)
    return outcome


def _redirected(request: Request, response: Response) -> Request:
    uri = joined(request.uri, response.headers["location"])
    if response.status in _SAME_METHOD or request.method in {"GET", "HEAD"}:
        return Request(request.method, uri, request.headers, request.body)
    return Request("GET", uri)


def _cached(session: Session, request: Request) -> Plan[Response]:
    cache = session.cache
    if cache is None or request.method != "GET":
        return (yield from _changing(session, request))
    stored = cache.find(request)
    is_asked = "no-cache" in request.headers.get("Cache-Control", "")
    if stored and cache.is_fresh(stored) and not is_asked:
        return stored.response
    if not stored:
        response = yield from _repeated(session, request)
    else:
        asking = {**stored.conditions, **request.headers}
        response = yield from _repeated(
            session, Request("GET", request.uri, asking, request.body)
        )
        if response.status == _NOT_MODIFIED:
            return cache.revalidated(request, stored, response)
    cache.keep(request, response)
    return response


def _changing(session: Session, request: Request) -> Plan[Response]:
    response = yield from _repeated(session, request)
    if session.cache and response.is_success:
        session.cache.forget(request, response)
    return response


def _repeated(session: Session, request: Request) -> Plan[Response]:
    """The answer, after as many attempts as may be made."""
    retries, waited, may_be_done = session.retries, 0.0, False
    outcome = yield from once(session, request)
    for attempt in range(retries.attempts - 1):
        wait = retries.wait_after(attempt, outcome)
        if not may_pass(request, outcome) or waited + wait > retries.patience:
            break
        if not (yield from _may_repeat(session, request, outcome)):
            break
        may_be_done = may_be_done or may_have_been_done(outcome)
        waited += wait
        yield Pause(wait)
        outcome = yield from once(session, request)
    if isinstance(outcome, Failure):
        raise interrupted(request, outcome)
    return _settled(request, outcome, may_be_done=may_be_done)


def _settled(request: Request, response: Response, *, may_be_done: bool) -> Response:
    """The answer, in the light of an earlier attempt that got none."""
    if not may_be_done:
        return response
    if request.method == "DELETE" and response.status in _GONE:
        return Response(204, response.headers, b"", response.uri)
    if response.status == _VERSION_MISMATCH:
        problem = VersionMismatch(request, response)
        problem.add_note("An attempt before got no answer: the change may be its own.")
        problem.may_be_own = True
        raise problem
    return response


def _may_repeat(
    session: Session, request: Request, outcome: Response | Failure
) -> Plan[bool]:
    """Whether the request can be sent again without being done twice."""
    if is_done_once(request, outcome):
        return True
    if request.method != "POST" or not session.is_own(request.uri):
        return False
    if session.keeps_keys is not None:
        return session.keeps_keys
    try:
        return (yield from _says_it_keeps_keys(session))
    except (Problem, Interrupted):
        return False


def _says_it_keeps_keys(session: Session) -> Plan[bool]:
    """Whether the server's own description tells of Idempotency-Key."""
    root = yield from answer(session, Request("GET", session.root))
    try:
        links = Links(json.loads(root.body).get("_links"), root.uri)
    except (ValueError, AttributeError):
        return False
    for link in links.get("service-desc", ()):
        described = yield from answer(
            session, Request("GET", link.uri(), {"Accept": "application/json, */*"})
        )
        if b'"Idempotency-Key"' in described.body:
            return True
    return False
