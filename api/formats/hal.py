"""HAL+JSON (draft-kelly-json-hal) and problem+json (RFC 9457)."""

from typing import Any

import msgspec

from api.hypermedia.document import Document, Problem

_encode = msgspec.json.Encoder().encode


def render_hal(document: Document) -> bytes:
    """The document as HAL+JSON, compact, in UTF-8."""
    return _encode(resource_of(document))


def render_problem(problem: Problem) -> bytes:
    """The problem as compact JSON."""
    if not problem.links:
        return _encode(problem.members)
    return _encode({**problem.members, "_links": problem.links})


def indented(text: bytes, indent: int) -> bytes:
    """The same JSON, indented by `indent` blanks a level, ending in a line break."""
    return msgspec.json.format(text, indent=indent) + b"\n"


def resource_of(document: Document) -> dict[str, Any]:
    """The document as HAL has it, before it is written."""
    resource: dict[str, Any] = {"_links": document.links, **document.state}
    if document.embedded:
        resource["_embedded"] = {
            rel: [
                # Most of what is embedded embeds nothing itself.
                resource_of(each)
                if each.embedded
                else {"_links": each.links, **each.state}
                for each in embedded
            ]
            if isinstance(embedded, list)
            else resource_of(embedded)
            for rel, embedded in document.embedded.items()
        }
    return resource
