"""Everything that can go wrong, as one tree: status, problem type and title.

ApiError
├── BadRequest 400
│   ├── MalformedRequest   the message itself can't be read
│   ├── MalformedBody      the body is no JSON, XML or form that we can read
│   ├── InvalidBody        the body is readable, its members are wrong
│   └── InvalidQuery       a parameter of the URL is wrong
├── Unauthenticated 401
│   └── InvalidToken       the token shown is not valid
├── Forbidden 403
├── NotFound 404
├── MethodNotAllowed 405
├── NotAcceptable 406
├── RequestTimeout 408
├── Conflict 409
│   ├── AlreadyExists      something stands at that id or key
│   ├── DuplicateValue     a unique member has that value elsewhere
│   ├── InUse              something else needs it
│   ├── NotAllowedInStatus the order's status does not allow it
│   ├── StepHappened       the step happened already, with other particulars
│   ├── StockShort         less is left than the order wants
│   ├── CurrencyMismatch   the order is in another currency
│   ├── TooManyLines       the order is full
│   ├── PatchConflict      a test failed, or a path is missing
│   └── RequestInProgress  the request with that idempotency key still runs
├── VersionMismatch 412
├── BodyTooLarge 413
├── UriTooLong 414
├── UnsupportedMediaType 415
├── MisdirectedRequest 421
├── KeyReused 422
├── PreconditionRequired 428
├── TooManyRequests 429
├── HeadersTooLarge 431
├── InternalError 500
├── CodingNotImplemented 501
└── Unavailable 503

Titles and types follow RFC 9457; `problems.py` turns them into documents.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Self


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request, and where it stands.

    `pointer` is a JSON Pointer (RFC 6901) into the body; `parameter` names a query
    parameter or a header. At most one of them is set.
    """

    detail: str
    code: str
    pointer: str | None = None
    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A path by its name, the keys in it, and perhaps one parameter with its value."""

    name: str
    keys: tuple[object, ...] = ()
    query: tuple[str, str] | None = None


class ApiError(Exception):
    """A request that can't be answered as it was meant."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    title: ClassVar[str] = "Something went wrong"
    slug: ClassVar[str] = ""
    advice: ClassVar[str] = "Try again later."

    def __init_subclass__(cls) -> None:
        """Name the problem type: `NotFound` is `not-found`."""
        cls.slug = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def __init__(
        self,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})

    @classmethod
    def at(cls, pointer: str, code: str, detail: str) -> Self:
        """The error of one member, at the pointer."""
        return cls(detail, faults=[Fault(detail, code, pointer=pointer)])


class BadRequest(ApiError):
    """400: the request itself is wrong."""

    status = HTTPStatus.BAD_REQUEST
    title = "The request is wrong"
    advice = "Change the request as the detail says; the same one will fail again."


class MalformedRequest(BadRequest):
    """The HTTP message can't be read."""

    title = "The request can't be read"
    advice = "Send a well-formed HTTP/1.1 message; the same one will fail again."


class MalformedBody(BadRequest):
    """The body is not what its Content-Type says."""

    title = "The body can't be read"
    advice = "Check the syntax of the body at the place that the detail names."


class InvalidBody(BadRequest):
    """Members of the body break the rules; `errors` names all of them."""

    title = "The body breaks the rules"
    advice = "Correct every member that `errors` points to."


class InvalidQuery(BadRequest):
    """Parameters of the URL are unknown or wrong; `errors` names all of them."""

    title = "The query breaks the rules"
    advice = "Follow the `wm:corrected` link, or correct what `errors` names."

    def __init__(self, faults: Sequence[Fault], *, corrected: str = "") -> None:
        """`corrected` is the query string with what was wrong put right or left out."""
        named = ", ".join(str(fault.parameter) for fault in faults)
        super().__init__(f"These parameters are wrong: {named}.", faults=faults)
        self.corrected = corrected


class Unauthenticated(ApiError):
    """401: it must be known who asks (RFC 6750, section 3)."""

    status = HTTPStatus.UNAUTHORIZED
    title = "Say who you are"
    advice = "Send `Authorization: Bearer` and a token that the server's operator made."
    challenge: ClassVar[str] = 'Bearer realm="waymark"'

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": self.challenge})


class InvalidToken(Unauthenticated):
    """The token that was sent is malformed, unknown, expired or revoked."""

    title = "The token is not valid"
    advice = "Get a new token; this one will not become valid."
    # The reason is not told: who guesses tokens would learn from it.
    challenge = (
        'Bearer realm="waymark", error="invalid_token", '
        'error_description="The token is malformed, unknown, expired or revoked"'
    )


class Forbidden(ApiError):
    """403: who asks may not do that."""

    status = HTTPStatus.FORBIDDEN
    title = "You may not do that"
    advice = "Follow the links that the documents show you; they lead where you may go."


class NotFound(ApiError):
    """404: nothing is here."""

    status = HTTPStatus.NOT_FOUND
    title = "There is nothing here"
    advice = "Start at the collection, or at the root, and follow links from there."

    def __init__(self, detail: str, *, within: Place = Place("root")) -> None:
        """`within` is where to look instead."""
        super().__init__(detail)
        self.within = within


class MethodNotAllowed(ApiError):
    """405: the resource exists but does not do that."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    title = "The resource does not support that method"
    advice = "Use one of the methods that the `Allow` header names."


class NotAcceptable(ApiError):
    """406: no representation fits the Accept header."""

    status = HTTPStatus.NOT_ACCEPTABLE
    title = "There is no representation that you accept"
    advice = "Accept one of the media types that `available` names, or `*/*`."

    def __init__(self, detail: str, *, available: Sequence[str]) -> None:
        super().__init__(detail)
        self.available = tuple(available)


class RequestTimeout(ApiError):
    """408: the request did not arrive in time."""

    status = HTTPStatus.REQUEST_TIMEOUT
    title = "The request came too slowly"
    advice = "Send the head within 10 seconds and the body within 30."


class Conflict(ApiError):
    """409: the request does not fit what is stored."""

    status = HTTPStatus.CONFLICT
    title = "The request does not fit the present state"
    advice = "Read the present state and decide anew."


class AlreadyExists(Conflict):
    """Something stands at that id or key already."""

    title = "It exists already"
    advice = "PUT replaces what is there; POST needs an id that is free."

    def __init__(self, detail: str, *, present: Place) -> None:
        """`present` is where it stands."""
        super().__init__(detail)
        self.present = present


class DuplicateValue(Conflict):
    """A member that must be unique has that value elsewhere."""

    title = "That value is taken"
    advice = "Use another value for the members that `errors` points to."


class InUse(Conflict):
    """It can't be deleted, since something else refers to it."""

    title = "Something else needs it"
    advice = "It can go once nothing refers to it; the link leads to what does."

    def __init__(self, detail: str, *, users: Sequence[Place]) -> None:
        """`users` is where that stands which refers to it."""
        super().__init__(detail)
        self.users = tuple(users)


class NotAllowedInStatus(Conflict):
    """An order's status does not allow what is asked."""

    title = "The order's status does not allow that"
    advice = "Follow one of the links: they lead to the steps that are allowed now."

    def __init__(
        self, detail: str, *, order: object, status: str, allowed: Sequence[str]
    ) -> None:
        """`order` is the order's id, `allowed` names the steps that may happen."""
        super().__init__(detail)
        self.order = order
        self.order_status = status
        self.allowed = tuple(allowed)


class StepHappened(Conflict):
    """A step of an order has happened already, and not as the request says."""

    title = "It has happened already"
    advice = "Read how it happened; a step happens once and is not changed."

    def __init__(self, detail: str, *, present: Place) -> None:
        """`present` is where the step stands."""
        super().__init__(detail)
        self.present = present


@dataclass(frozen=True, slots=True)
class Shortage:
    """A product of which less is left than is wanted."""

    product: int
    sku: str
    wanted: int
    left: int


class StockShort(Conflict):
    """Not all that an order wants is in stock, so nothing was taken."""

    title = "Not enough is in stock"
    advice = "Order less of the products in `short`, or wait until there are more."

    def __init__(self, short: Sequence[Shortage], *, order: object) -> None:
        """`short` holds each product of which too little is left for the order."""
        named = ", ".join(f"{each.left} of {each.sku!r}" for each in short)
        super().__init__(f"There are only {named}.")
        self.short = tuple(short)
        self.order = order


class CurrencyMismatch(Conflict):
    """What is added to an order is sold in another currency."""

    title = "An order has one currency"
    advice = "Choose a product that is sold in the order's currency."


class TooManyLines(Conflict):
    """An order holds as many line items as it may."""

    title = "The order is full"
    advice = "Raise the quantity of a line item, or open another order."


class PatchConflict(Conflict):
    """A JSON Patch does not fit the document: a test failed or a path is missing."""

    title = "The patch does not fit the document"
    advice = "Read the document again and make the patch anew."


class RequestInProgress(Conflict):
    """The first request with that idempotency key has not ended yet."""

    title = "The same request is still running"
    advice = "Wait a moment and send the same request with the same key again."


class VersionMismatch(ApiError):
    """412: somebody else was faster, or a condition does not hold."""

    status = HTTPStatus.PRECONDITION_FAILED
    title = "The condition does not hold"
    advice = "Read the present version, look at what changed, and try again."

    def __init__(self, detail: str, *, is_there: bool = True) -> None:
        """`is_there` tells whether there is a present version to read."""
        super().__init__(detail)
        self.is_there = is_there


class BodyTooLarge(ApiError):
    """413: the body, or a value in it, is larger than we take."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "The body is too large"
    advice = "Send less at once; the detail names the limit."


class UriTooLong(ApiError):
    """414: the URL is longer than we take."""

    status = HTTPStatus.REQUEST_URI_TOO_LONG
    title = "The URL is too long"
    advice = "Shorten the query string; the detail names the limit."


class UnsupportedMediaType(ApiError):
    """415: the body is in a format that we do not read here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = "The body's media type is not supported"
    advice = "Send one of the media types in `available`."

    def __init__(
        self, detail: str, *, available: Sequence[str], headers: Mapping[str, str]
    ) -> None:
        super().__init__(detail, headers=headers)
        self.available = tuple(available)


class MisdirectedRequest(ApiError):
    """421: the Host is none of this server's (RFC 9110, section 15.5.20)."""

    status = HTTPStatus.MISDIRECTED_REQUEST
    title = "This server does not answer for that host"
    advice = "Use a name that the server's operator set in WAYMARK_ALLOWED_HOSTS."


class KeyReused(ApiError):
    """422: the idempotency key was used for another request."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "The idempotency key belongs to another request"
    advice = "Make a new key for each new request."


class PreconditionRequired(ApiError):
    """428: this server wants writes to be conditional."""

    status = HTTPStatus.PRECONDITION_REQUIRED
    title = "The request must be conditional"
    advice = "Send `If-Match` with the ETag that you read."


class TooManyRequests(ApiError):
    """429: the caller has asked more often than it may (RFC 6585, section 4)."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many requests"
    advice = (
        "Wait as many seconds as `Retry-After` says; `RateLimit` tells what is left."
    )


class HeadersTooLarge(ApiError):
    """431: the header fields are larger than we take."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    title = "The header fields are too large"
    advice = "Send fewer or shorter header fields; the detail names the limit."


class InternalError(ApiError):
    """500: a fault of ours."""

    title = "The server failed"
    advice = "Report the `instance`; the request may be tried again later."


class CodingNotImplemented(ApiError):
    """501: the transfer coding of the body is not known here."""

    status = HTTPStatus.NOT_IMPLEMENTED
    title = "The transfer coding is not supported"
    advice = "Send the body with a Content-Length, or chunked."


class Unavailable(ApiError):
    """503: the server can't do this at the moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "The server can't answer now"
    advice = "Try again after the time that `Retry-After` names."


def problem_types() -> dict[str, type[ApiError]]:
    """Every problem type of the service by its slug, in the order of the tree."""
    found: dict[str, type[ApiError]] = {}
    waiting: list[type[ApiError]] = [ApiError]
    while waiting:
        each = waiting.pop(0)
        waiting = each.__subclasses__() + waiting
        if each is not ApiError:
            found[each.slug] = each
    return found
