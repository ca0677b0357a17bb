"""What requests are answered with: documents where all goes well, else problems.

Answers that several operations give are components, to which these refer.
"""

from collections.abc import Collection, Iterable, Iterator
from http import HTTPStatus
from typing import Any

from api.descriptions.endpoint import READING, Endpoint
from api.descriptions.faults import possible_errors
from api.descriptions.header_fields import (
    ALWAYS,
    FIELDS,
    OF_PAGES,
    VERSION,
    header_refs,
)
from api.descriptions.json_schema import ref
from api.descriptions.problems import by_status, titles
from api.documents.building import EXCERPT
from api.formats import FORMATS, Format
from api.formats.hal import render_problem as render_json
from api.protocol.idempotency import REPLAYED

Response = dict[str, Any]

NOT_MODIFIED, MINIMAL = "not-modified", "minimal"
DONE, ELSEWHERE = "done", "elsewhere"
MADE = "made"


def responses_of(endpoint: Endpoint, method: str) -> dict[str, Response]:
    """The answers to the method there, by their status."""
    found = {str(int(status)): told for status, told in _good(endpoint, method)}
    for status, errors in by_status(possible_errors(endpoint, method)).items():
        # Of what most statuses mean all is said where the answer is described.
        told = {"description": titles(errors)} if len(errors) > 1 else {}
        found[str(status)] = response_ref(str(status)) | told
    return found | {"default": response_ref("default")}


def shared_responses(endpoints: Iterable[Endpoint]) -> dict[str, Response]:
    """The answers to which operations refer, by name; those of problems not."""
    found = {
        NOT_MODIFIED: _empty("The client has it already.", *ALWAYS, *VERSION),
        MINIMAL: _empty(
            "It was written; no document was wanted.",
            *(*ALWAYS, *VERSION[:2], "Preference-Applied", REPLAYED),
        ),
        DONE: _empty("It is gone.", *ALWAYS, REPLAYED),
        ELSEWHERE: _empty("To a browser: where to look now.", *ALWAYS, "Location"),
    }
    members = {each.kind: each for each in endpoints if _is_member(each)}
    for each in endpoints:
        found[each.shown_as] = _shown(each)
        if each.makes:
            found[f"{each.makes}-{MADE}"] = _made(each, members.get(each.kind))
    return found


def response_ref(name: str) -> Response:
    """A reference to the answer of the name."""
    return {"$ref": f"#/components/responses/{name}"}


def _good(endpoint: Endpoint, method: str) -> Iterator[tuple[HTTPStatus, Response]]:
    """The answers to a request in which nothing is wrong, by their status."""
    if method == "OPTIONS":
        yield HTTPStatus.NO_CONTENT, _options(endpoint)
        return
    if method in READING:
        for status in (HTTPStatus.OK, *endpoint.also):
            yield status, response_ref(endpoint.shown_as)
        if endpoint.is_versioned:
            yield HTTPStatus.NOT_MODIFIED, response_ref(NOT_MODIFIED)
        return
    if method in {"PUT", "PATCH"}:
        yield HTTPStatus.OK, response_ref(endpoint.shown_as)
    if method == "POST" or (method == "PUT" and endpoint.is_at_key):
        yield HTTPStatus.CREATED, response_ref(f"{endpoint.makes}-{MADE}")
    if method != "POST":
        done = DONE if method == "DELETE" else MINIMAL
        yield HTTPStatus.NO_CONTENT, response_ref(done)
    yield HTTPStatus.SEE_OTHER, response_ref(ELSEWHERE)


def _options(endpoint: Endpoint) -> Response:
    """The methods there, which are always the same."""
    allow = ", ".join(endpoint.methods)
    told = {**FIELDS["Allow"], "schema": {"const": allow}, "example": allow}
    accepted = [name.title() for name in endpoint.accepted]
    return {
        "description": "What can be asked here.",
        "headers": {"Allow": told, **header_refs(*ALWAYS, *accepted)},
    }


def _shown(endpoint: Endpoint) -> Response:
    """What stands there, in each format that it is read in."""
    applied = ["Preference-Applied"] if endpoint.is_page else []
    accepted = [name.title() for name in endpoint.accepted if "patch" in name]
    replayed = [REPLAYED] if endpoint.kind is not None and not endpoint.is_page else []
    fields = (*ALWAYS, *VERSION, "Link", *accepted, *applied, *replayed, *OF_PAGES)
    return {
        "description": endpoint.methods["GET"],
        "headers": header_refs(*fields),
        "content": _content(
            endpoint.formats,
            _schemas_of(endpoint),
            endpoint.shown_as if endpoint.sample else "",
        ),
    }


def _schemas_of(endpoint: Endpoint) -> list[str]:
    """The names of what describes the JSON: of one of a noun, some members can do."""
    if endpoint.schema is None:
        return []
    is_member = endpoint.kind is not None and not endpoint.is_page
    return [endpoint.schema, *[f"{endpoint.schema}-{EXCERPT}"] * is_member]


def _is_member(endpoint: Endpoint) -> bool:
    """Whether it is one of many, at its first path."""
    kind = endpoint.kind
    is_one = kind is not None and not kind.is_single
    return is_one and not (endpoint.is_page or endpoint.is_second)


def _made(endpoint: Endpoint, member: Endpoint | None) -> Response:
    """What was made, which has no body if none was wanted, and what can be done to it.

    `member` is where it stands, if it is one of many.
    """
    name = endpoint.makes
    fields = (*ALWAYS, *VERSION, "Link", "Location", "Preference-Applied", REPLAYED)
    return {
        "description": "It was made.",
        "headers": header_refs(*fields, *OF_PAGES),
        "content": _content(FORMATS, [name], name),
        **({} if member is None else {"links": _links(member)}),
    }


def _links(member: Endpoint) -> dict[str, Any]:
    """The operations on what was made, found by its key and those of its parents."""
    *above, own = member.keys
    key = member.kind.model.key if member.kind else ""
    keys = {name: f"$request.path.{name}" for name in above}
    keys[own] = f"$response.body#/{key}"
    return {
        method.lower(): {
            "operationId": f"{method.lower()}_{member.operation}",
            "parameters": keys,
        }
        for method in member.methods
        if method not in {"HEAD", "OPTIONS"}
    }


def _content(
    formats: Iterable[Format], schemas: Collection[str], name: str
) -> dict[str, Any]:
    """The same document in each media type of the formats."""
    content: dict[str, Any] = {}
    for each in formats:
        is_json = each.render_problem is render_json and each.lines is None
        told: dict[str, Any] = {"schema": {"type": "object" if is_json else "string"}}
        if is_json and schemas:
            refs = [ref(schema) for schema in schemas]
            told["schema"] = refs[0] if len(refs) == 1 else {"anyOf": refs}
        if name and not each.for_people:
            example = {"$ref": f"#/components/examples/{name}.{each.name}"}
            told["examples"] = {name: example}
        content |= dict.fromkeys(each.media_types, told)
    return content


def _empty(saying: str, *fields: str) -> Response:
    return {"description": saying, "headers": header_refs(*fields)}
