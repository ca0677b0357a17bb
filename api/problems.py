"""Errors of ours, of Falcon, and crashes: answered as problem documents (RFC 9457).

The only place that looks at errors: what they are stands in `errors.py`.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import falcon
import falcon.asgi

from api import errors
from api.documents import KINDS
from api.documents.building import curie, site_of
from api.documents.kind import Kind
from api.errors import ApiError, NotAcceptable
from api.formats import FORMATS, Format
from api.hypermedia import relations
from api.hypermedia.document import Link, Links, Problem
from api.operations.metrics import note_problem
from api.protocol.answers import Answer
from api.protocol.caching import NO_STORE
from api.protocol.negotiation import DEFAULT, negotiate, variant_of_suffix
from api.protocol.request import ApiRequest
from api.uris import Uris, encode_query, uris_below

_log = logging.getLogger("waymark.problems")


def add_problem_handlers(app: "falcon.asgi.App[Any, Any]") -> None:
    """Answer every error that any part of the service raises."""
    app.add_error_handler(Exception, _answer_crash)
    app.add_error_handler(falcon.HTTPError, _answer_falcon)
    app.add_error_handler(ApiError, _answer)


async def _answer(
    req: ApiRequest, resp: falcon.asgi.Response, error: ApiError, params: Any
) -> None:
    problem = _problem(req, error)
    if req.form is not None and req.resource is not None:
        await req.resource.show_again(req, params, error, problem)
    _told_as(req, error, problem).send(resp)


async def _answer_falcon(
    req: ApiRequest, resp: falcon.asgi.Response, error: falcon.HTTPError, _params: Any
) -> None:
    problem_answer(req, _translated(req, error)).send(resp)


async def _answer_crash(
    req: ApiRequest, resp: falcon.asgi.Response, error: Exception, _params: Any
) -> None:
    _log.error(
        "a request crashed", exc_info=error, extra={"request_id": req.request_id}
    )
    detail = "The fault is on this side; what happened is in the log under `instance`."
    problem_answer(req, errors.InternalError(detail)).send(resp)


def problem_answer(req: ApiRequest, error: ApiError) -> Answer:
    """The answer that tells the error, in the format that the client reads."""
    return _told_as(req, error, _problem(req, error))


def _told_as(req: ApiRequest, error: ApiError, problem: Problem) -> Answer:
    written = _format_for(req)
    headers = {
        "content-type": written.problem_type,
        "cache-control": NO_STORE,
        "vary": "Accept",
        **written.fields,
        **{name.lower(): value for name, value in error.headers.items()},
    }
    return Answer(error.status, headers, written.render_problem(problem))


def _format_for(req: ApiRequest) -> Format:
    """The format of the request's answer, even if it came to no resource."""
    if req.variant is not DEFAULT:
        return req.variant.format
    try:
        if req.suffix:
            return variant_of_suffix(req.suffix).format
        return negotiate(req.get_header("Accept")).format
    except NotAcceptable:
        return DEFAULT.format


def _problem(req: ApiRequest, error: ApiError) -> Problem:
    uris = uris_below(req.mount)
    note_problem(error.slug)
    members: dict[str, Any] = {
        "type": uris.href("problem", error.slug),
        "title": error.title,
        "status": int(error.status),
        "detail": error.detail,
        "instance": f"urn:uuid:{req.request_id}",
    }
    if error.faults:
        members["errors"] = [_told(fault) for fault in error.faults]
    members |= _particulars(error)
    links = _ways_out(req, error, uris)
    if any(rel.startswith(relations.PREFIX) for rel in links):
        links[relations.CURIES] = [curie(uris)]
    return Problem(members, links, site=site_of(uris))


def _particulars(error: ApiError) -> dict[str, Any]:
    """The extension members (RFC 9457, section 3.2) of some types of problems."""
    if isinstance(error, errors.NotAcceptable | errors.UnsupportedMediaType):
        return {"available": list(error.available)}
    if isinstance(error, errors.NotAllowedInStatus):
        return {"order_status": error.order_status, "allowed": list(error.allowed)}
    if isinstance(error, errors.StockShort):
        return {"short": [asdict(each) for each in error.short]}
    return {}


def _told(fault: errors.Fault) -> dict[str, str]:
    told = {"detail": fault.detail, "code": fault.code}
    if fault.pointer is not None:
        told["pointer"] = fault.pointer
    if fault.parameter is not None:
        told["parameter"] = fault.parameter
    return told


def _ways_out(req: ApiRequest, error: ApiError, uris: Uris) -> Links:
    """Links to where the client can go from here, as far as the error tells."""
    for each in type(error).__mro__:
        if each in _WAYS_OUT:
            return _WAYS_OUT[each](req, error, uris)
    return {}


def _to_collection(_req: ApiRequest, error: errors.NotFound, uris: Uris) -> Links:
    rel = _UPWARD.get(error.within.name, relations.COLLECTION)
    return {rel: Link(_href(uris, error.within))}


_KIND_AT: Mapping[str, Kind] = {
    name: kind for kind in KINDS for name in (kind.plural, kind.opened_at, kind.name)
}
"""The nouns by the names of their paths."""
_UPWARD = {"root": relations.ROOT, "order": relations.UP}
"""How paths that are no collections are called from below."""


def _to_present_version(req: ApiRequest, error: ApiError, uris: Uris) -> Links:
    if isinstance(error, errors.VersionMismatch) and not error.is_there:
        return {}
    place = req.versioned
    href = req.mount + req.path if place is None else _href(uris, place)
    return {relations.LATEST_VERSION: Link(href)}


def _to_what_stands_there(
    _req: ApiRequest, error: errors.AlreadyExists | errors.StepHappened, uris: Uris
) -> Links:
    return {relations.LATEST_VERSION: Link(_href(uris, error.present))}


def _to_allowed_steps(
    req: ApiRequest, error: errors.NotAllowedInStatus, uris: Uris
) -> Links:
    links = _to_order(error.order, uris)
    for step in error.allowed:
        if req.caller.rights.may("PUT", _KIND_AT[step].access):
            href = uris.href(step, error.order)
            links[relations.extension(step)] = Link(href)
    return links


def _to_products(_req: ApiRequest, error: errors.StockShort, uris: Uris) -> Links:
    hrefs = [uris.href("product", each.product) for each in error.short]
    return {
        **_to_order(error.order, uris),
        relations.RELATED: [Link(href) for href in hrefs],
    }


def _to_order(order: object, uris: Uris) -> Links:
    return {
        relations.ORDER: Link(uris.href("order", order)),
        relations.LINEITEMS: Link(uris.href("lineitems", order)),
    }


def _to_users(req: ApiRequest, error: errors.InUse, uris: Uris) -> Links:
    rights = req.caller.rights
    seen = [
        Link(_href(uris, each))
        for each in error.users
        if rights.may("GET", _KIND_AT[each.name].access)
    ]
    return {relations.RELATED: seen} if seen else {}


def _href(uris: Uris, place: errors.Place) -> str:
    query = [] if place.query is None else [place.query]
    return uris.href(place.name, *place.keys) + encode_query(query)


def _to_corrected(req: ApiRequest, error: errors.InvalidQuery, _uris: Uris) -> Links:
    query = f"?{error.corrected}" if error.corrected else ""
    return {relations.CORRECTED: Link(req.mount + req.path + query)}


def _to_formats(req: ApiRequest, _error: ApiError, _uris: Uris) -> Links:
    if req.path == "/":
        return {}
    return {relations.ALTERNATE: _alternates(req.mount + req.path)}


_WAYS_OUT: Mapping[type, Callable[[ApiRequest, Any, Uris], Links]] = {
    errors.NotFound: _to_collection,
    errors.VersionMismatch: _to_present_version,
    errors.PreconditionRequired: _to_present_version,
    errors.AlreadyExists: _to_what_stands_there,
    errors.InUse: _to_users,
    errors.NotAllowedInStatus: _to_allowed_steps,
    errors.StepHappened: _to_what_stands_there,
    errors.StockShort: _to_products,
    errors.InvalidQuery: _to_corrected,
    errors.NotAcceptable: _to_formats,
}


def _alternates(path: str) -> list[Link]:
    """The resource in each format that has a URI of its own."""
    return [
        Link(path + each.suffix, type=each.media_types[0])
        for each in FORMATS
        if each.suffix
    ]


def _translated(req: ApiRequest, error: falcon.HTTPError) -> ApiError:
    """The error of ours that says what Falcon's says."""
    headers = dict(error.headers or {})
    status = error.status_code
    if status == HTTPStatus.NOT_FOUND:
        return errors.NotFound(f"No resource stands at {req.path!r}.")
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = headers.get("Allow", "")
        return errors.MethodNotAllowed(
            f"{req.method} is not possible here; there are {allowed}.", headers=headers
        )
    return errors.MalformedRequest(error.description or str(error.status))
