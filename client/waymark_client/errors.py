"""Everything that goes wrong is one of these.

WaymarkError
├── Interrupted          no answer; the request may have been done
│   └── NotReached       no answer; the request was not sent
├── Problem              an answer of 4xx or 5xx (RFC 9457)
│   ├── Invalid                 400, 422
│   ├── NotAuthenticated        401
│   ├── NotAllowed              403
│   ├── Missing                 404, 410
│   ├── MethodNotAllowed        405
│   ├── Conflict                409
│   ├── VersionMismatch         412
│   ├── MatchRequired           428
│   ├── TooManyRequests         429
│   ├── Refused                 every other 4xx
│   └── ServerFault             5xx
│       └── Unavailable         503
├── NoSuchLink           the document does not lead there
├── NoSuchForm           the document does not offer that
├── InvalidForm          the values break what the form tells
├── TemplateFault        the variables are not those of the template
├── StaleDocument        what was read before is not what stands now
└── NotReadable          the answer is not what its media type says
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from waymark_client.exchange import Failure, Request, Response, is_json
from waymark_client.retrying import retry_after


class WaymarkError(Exception):
    """Something the client was asked for did not come about."""


class Interrupted(WaymarkError):
    """There was no answer, so the request may have been done or not."""

    def __init__(self, request: Request, failure: Failure) -> None:
        super().__init__(f"{request.method} {request.uri}: {failure.reason}")
        self.request = request
        self.failure = failure


class NotReached(Interrupted):
    """The server was not reached: the request was not done."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an input; the pointer is as `/title`, absent for a parameter."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    code: str | None = None


class Problem(WaymarkError):
    """The server answered that the request was not done, and why.

    `retry_after` is the number of seconds after which it wants to be asked again.
    """

    def __init__(self, request: Request, response: Response) -> None:
        told = _told(response)
        self.request = request
        self.response = response
        self.status = response.status
        self.type = _text(told.get("type")) or "about:blank"
        self.title = _text(told.get("title")) or f"Status {response.status}"
        self.detail = _text(told.get("detail")) or _redirection(response)
        self.instance = _text(told.get("instance"))
        self.faults = _faults(told.get("errors"))
        self.members: Mapping[str, Any] = told
        self.retry_after = retry_after(response, time.time())
        lines = [self.title, self.detail, *(_line(each) for each in self.faults)]
        if self.retry_after is not None:
            lines.append(f"Ask again in {_duration(self.retry_after)}")
        super().__init__(". ".join(each.rstrip(".") for each in lines if each))

    @property
    def pointers(self) -> dict[str, str]:
        """What is wrong with each member, by its pointer."""
        return {each.pointer: each.detail for each in self.faults if each.pointer}


class Invalid(Problem):
    """400 or 422: the request is malformed, or its values break the rules."""


class NotAuthenticated(Problem):
    """401: a credential is missing or not good."""


class NotAllowed(Problem):
    """403: the caller may not do that."""


class Missing(Problem):
    """404 or 410: there is nothing at that URI."""


class MethodNotAllowed(Problem):
    """405: the resource has other methods."""


class Conflict(Problem):
    """409: the state of the resource does not allow it."""


class VersionMismatch(Problem):
    """412: somebody else was faster, and nothing was written.

    With `may_be_own` an earlier attempt of this very request got no answer: the other
    version may be its work.
    """

    may_be_own = False


class MatchRequired(Problem):
    """428: the server wants the change to be conditional."""


class TooManyRequests(Problem):
    """429: the server wants to be asked later, and later than was waited."""


class Refused(Problem):
    """Any other 4xx."""


class ServerFault(Problem):
    """5xx: the server failed."""


class Unavailable(ServerFault):
    """503: the server can't answer now."""


class NoSuchLink(WaymarkError, KeyError):
    """The document has no such relation; the message names those it has."""

    __str__ = Exception.__str__


class NoSuchForm(WaymarkError):
    """The document offers no such form; the message names those it does."""


class InvalidForm(WaymarkError):
    """The values break what the form tells, so nothing was sent."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(_line(each) for each in faults))
        self.faults = tuple(faults)


class TemplateFault(WaymarkError):
    """Variables are missing, or are not those of the template."""


class StaleDocument(WaymarkError):
    """The resource is no longer as it was read, so nothing was sent."""


class NotReadable(WaymarkError):
    """The body is not what its media type says."""


_BY_STATUS: Mapping[int, type[Problem]] = {
    400: Invalid,
    401: NotAuthenticated,
    403: NotAllowed,
    404: Missing,
    405: MethodNotAllowed,
    409: Conflict,
    410: Missing,
    412: VersionMismatch,
    422: Invalid,
    428: MatchRequired,
    429: TooManyRequests,
    503: Unavailable,
}
_FIRST_OF_CLIENT, _FIRST_OF_SERVER = 400, 500


def problem_of(request: Request, response: Response) -> Problem:
    """The exception for the answer, of the class of its status."""
    is_server_s = response.status >= _FIRST_OF_SERVER
    general = ServerFault if is_server_s else Refused
    return _BY_STATUS.get(response.status, general)(request, response)


def interrupted(request: Request, failure: Failure) -> Interrupted:
    """The exception for a request without an answer."""
    return (Interrupted if failure.was_sent else NotReached)(request, failure)


def _told(response: Response) -> dict[str, Any]:
    """The members of the problem document; none where the body is something else."""
    if not is_json(response):
        return {}
    try:
        told = json.loads(response.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _faults(told: object) -> tuple[Fault, ...]:
    entries = told if isinstance(told, list) else []
    return tuple(_fault(each) for each in entries if isinstance(each, dict))


def _fault(told: Mapping[str, Any]) -> Fault:
    pointer = _text(told.get("pointer"))
    return Fault(
        _text(told.get("detail")) or "",
        # The RFC's own example has the pointer as a fragment: `#/age`.
        pointer.removeprefix("#") if pointer else None,
        _text(told.get("parameter")),
        _text(told.get("code")),
    )


def _redirection(response: Response) -> str | None:
    """Where a redirection leads that was followed too often, or never."""
    target = response.headers.get("location")
    is_one = response.status < _FIRST_OF_CLIENT and target is not None
    return f"It leads on to {target}" if is_one else None


def _duration(seconds: float) -> str:
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _line(fault: Fault) -> str:
    where = fault.pointer or fault.parameter
    return f"{where}: {fault.detail}" if where else fault.detail
