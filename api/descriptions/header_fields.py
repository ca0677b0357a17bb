"""The header fields of answers, and what each of them tells."""

from collections.abc import Mapping
from typing import Any

from api import errors
from api.formats import FORMATS
from api.protocol import caching
from api.protocol.bodies import ACCEPT_PATCH, ACCEPT_POST
from api.protocol.idempotency import REPLAYED
from api.protocol.request import METHODS

HeaderField = dict[str, Any]


def _field(saying: str, example: Any, **schema: Any) -> HeaderField:
    schema = schema or {"type": "string"}
    return {"description": saying, "schema": schema, "example": example}


def _href(saying: str, example: str) -> HeaderField:
    return _field(saying, example, type="string", format="uri-reference")


_DATE = "Sat, 21 Nov 2026 08:00:00 GMT"
FIELDS: Mapping[str, HeaderField] = {
    "Accept-Encoding": _field("How a body may be coded.", "identity"),
    "Accept-Patch": _field("The media types of changes.", ACCEPT_PATCH),
    "Accept-Post": _field("The media types of what is new.", ACCEPT_POST),
    "Allow": _field("The methods that there are.", ", ".join(METHODS)),
    "Cache-Control": _field("What caches may do.", caching.PRIVATE),
    "Content-Location": _href("The URI of this very representation.", "/books/1.json"),
    "ETag": _field(
        "The version and the representation.",
        '"7-json"',
        type="string",
        pattern='^"[0-9]+-[a-z0-9-]+"$',
    ),
    REPLAYED: _field(
        "This is the first answer to the same key, once more.", "true", const="true"
    ),
    "Last-Modified": _field("When it was changed.", _DATE),
    "Link": _field("Typed links (RFC 8288).", '</books>; rel="collection"'),
    "Location": _href("Where what was made stands.", "/books/1"),
    "Preference-Applied": _field("The preference that was met.", "return=minimal"),
    "RateLimit": _field("How many requests are left.", '"minute";r=99;t=60'),
    "RateLimit-Policy": _field("How many may be sent.", '"minute";q=100;w=60'),
    "Retry-After": _field("Seconds to wait.", 1, type="integer", minimum=0),
    "Vary": _field("What the answer was chosen by.", "Accept"),
    "WWW-Authenticate": _field(
        "How to say who asks (RFC 6750).", errors.Unauthenticated.challenge
    ),
    "X-Content-Type-Options": _field(
        "The media type is meant as it stands.", "nosniff", const="nosniff"
    ),
} | {
    name.title(): _field("What a page may do.", value)
    for each in FORMATS
    for name, value in each.fields.items()
}
ALWAYS = ("Cache-Control", "Vary", "X-Content-Type-Options")
"""What every answer has."""
VERSION = ("ETag", "Last-Modified", "Content-Location")
"""What tells which version, and which representation of it, an answer has."""
OF_PAGES = tuple(name.title() for each in FORMATS for name in each.fields)
"""What only the formats add that people read."""


def header_refs(*names: str) -> dict[str, Any]:
    """References to the header fields of the names."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
