"""Which errors of the tree a request to an endpoint can meet.

What can befall any request, whatever it is for, is `ANYWHERE`.
"""

from collections.abc import Iterator

from api import errors
from api.descriptions.endpoint import READING, Endpoint
from api.documents import KINDS
from api.documents.kind import Kind
from api.errors import ApiError, Conflict
from api.models.base import allow_method, allow_values
from api.roles import Access, Rights, Role

ANYWHERE: tuple[type[ApiError], ...] = (
    errors.RequestTimeout,
    errors.InternalError,
    errors.CodingNotImplemented,
    errors.Unavailable,
)
_WITH_BODY = ("POST", "PUT", "PATCH")
_CHANGES = ("PUT", "PATCH", "DELETE")


def possible_errors(endpoint: Endpoint, method: str) -> list[type[ApiError]]:
    """The errors that the method can meet there, by status."""
    found = {errors.MalformedRequest, errors.NotAcceptable, errors.MisdirectedRequest}
    found |= {errors.UriTooLong, errors.HeadersTooLarge}
    if method == "OPTIONS":
        found |= {errors.NotFound} if endpoint.is_second else set()
    else:
        found |= {errors.BadRequest, errors.InvalidQuery}
        found |= {errors.VersionMismatch} if endpoint.is_versioned else set()
        found |= {errors.NotFound} if endpoint.keys else set()
    if endpoint.kind is not None and method not in {*READING, "OPTIONS"}:
        found |= {errors.Forbidden, *conflicts(endpoint.kind, method)}
    if method in _WITH_BODY:
        found |= {errors.MalformedBody, errors.InvalidBody}
        found |= {errors.BodyTooLarge, errors.UnsupportedMediaType}
    if endpoint.kind is not None and method not in {*READING, "OPTIONS"}:
        found.add(errors.RequestInProgress)
        # A body of DELETE has no meaning, so there is no other one.
        found |= set() if method == "DELETE" else {errors.KeyReused}
    if method in _CHANGES and endpoint.requires_match:
        found.add(errors.PreconditionRequired)
    if endpoint.is_limited:
        found.add(errors.TooManyRequests)
    if endpoint.nobody is not None:
        found |= _refused(endpoint.access, method)
    tree = list(errors.problem_types().values())
    return sorted(found, key=lambda each: (each.status, tree.index(each)))


def _refused(access: Access, method: str) -> set[type[ApiError]]:
    """What is told to who may not ask that, or may not know of it."""
    found: set[type[ApiError]] = {errors.Unauthenticated, errors.InvalidToken}
    found |= set() if Rights(Role.READER).may(method, access) else {errors.Forbidden}
    is_all_public = access.read.rank <= Role.VISITOR.rank
    return found | (set() if is_all_public else {errors.NotFound})


def conflicts(kind: Kind, method: str) -> Iterator[type[Conflict]]:
    """The ways in which a write can fail to fit what is stored."""
    if method == "POST" and not kind.model.numbered:
        yield errors.AlreadyExists
    if method == "PATCH":
        yield errors.PatchConflict
    if method == "DELETE" and _is_needed(kind):
        yield errors.InUse
    if method != "DELETE" and _has_unique(kind):
        yield errors.DuplicateValue
    yield from _refusals(kind, method)


def _refusals(kind: Kind, method: str) -> Iterator[type[Conflict]]:
    """What the state of an order forbids: to what happens to it, and inside of it."""
    if kind.is_offered:
        yield from (errors.NotAllowedInStatus, errors.StepHappened, errors.StockShort)
        return
    is_gated = kind.model.gate is not allow_method
    if is_gated and (kind.is_part or method == "DELETE"):
        yield errors.NotAllowedInStatus
    if kind.model.rule is not allow_values and method != "DELETE":
        yield from (errors.CurrencyMismatch, errors.TooManyLines)


def _is_needed(kind: Kind) -> bool:
    """Whether something else can refer to one of the noun."""
    return any(kind.model in each.model.references.values() for each in KINDS)


def _has_unique(kind: Kind) -> bool:
    """Whether a value that follows from what a client sends may stand only once."""
    model = kind.model
    return any(each.unique for each in model.columns if each.name != model.key)
