"""How problems are answered: a response for each status, with examples."""

from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from api.descriptions.faults import ANYWHERE
from api.descriptions.header_fields import ALWAYS, OF_PAGES, header_refs
from api.descriptions.json_schema import ref
from api.descriptions.parts import PROBLEM
from api.errors import ApiError, problem_types
from api.formats import FORMATS
from api.formats.hal import render_problem as render_json
from api.hypermedia.document import Problem
from api.uris import Uris

_PARTICULAR: Mapping[int, tuple[str, ...]] = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate",),
    HTTPStatus.CONFLICT: ("Retry-After",),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", "RateLimit", "RateLimit-Policy"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
        "Accept-Encoding",
        "Accept-Post",
        "Accept-Patch",
    ),
}
_INSTANCE = "urn:uuid:8e03978e-40d5-43e8-bc93-6894a57f9324"


def by_status(errors: Iterable[type[ApiError]]) -> dict[int, list[type[ApiError]]]:
    """The errors by their status."""
    found: dict[int, list[type[ApiError]]] = {}
    for error in errors:
        found.setdefault(int(error.status), []).append(error)
    return found


def titles(errors: Iterable[type[ApiError]]) -> str:
    """What the errors are called, as sentences."""
    return " ".join(f"{error.title}." for error in errors)


def problem_responses(uris: Uris, met: Collection[type[ApiError]]) -> dict[str, Any]:
    """The answers that tell the problems, by their status, in the order of the tree."""
    told = [error for error in problem_types().values() if error in met]
    found = {
        str(status): _response(uris, errors, _PARTICULAR.get(status, ()))
        for status, errors in by_status(told).items()
    }
    return found | {"default": _response(uris, ANYWHERE, ("Retry-After",))}


def _response(
    uris: Uris, errors: Iterable[type[ApiError]], particular: tuple[str, ...]
) -> dict[str, Any]:
    examples = {
        error.slug: {"summary": error.title, "value": _example(uris, error)}
        for error in errors
    }
    first = _example(uris, next(iter(errors)))
    content: dict[str, Any] = {}
    for each in FORMATS:
        told: dict[str, Any] = {"schema": ref(PROBLEM), "examples": examples}
        if each.render_problem is not render_json:
            text = each.render_problem(Problem(first, {})).decode()
            told = {"schema": {"type": "string"}, "example": text}
        content.setdefault(each.problem_type.partition(";")[0], told)
    return {
        "description": titles(errors),
        "headers": header_refs(*ALWAYS, *particular, *OF_PAGES),
        "content": content,
    }


def _example(uris: Uris, error: type[ApiError]) -> dict[str, Any]:
    return {
        "type": uris.href("problem", error.slug),
        "title": error.title,
        "status": int(error.status),
        "detail": error.advice,
        "instance": _INSTANCE,
    }
