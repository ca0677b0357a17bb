"""Request bodies: read with a limit, then parsed strictly by their media type.

What comes out is always a JSON value; schemas check it afterwards.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from api.errors import (
    BodyTooLarge,
    MalformedBody,
    UnsupportedMediaType,
)
from api.hypermedia.document import JsonValue, Shape
from api.protocol.headers import parameters
from api.protocol.json_bodies import parse_json
from api.protocol.request import ApiRequest
from api.protocol.text_bodies import parse_form
from api.protocol.xml_bodies import parse_xml

LARGEST_BODY = 1024 * 1024
MERGE_PATCH = "application/merge-patch+json"
FORM = "application/x-www-form-urlencoded"
JSON_PATCH = "application/json-patch+json"

Parser: TypeAlias = Callable[[bytes, Shape], JsonValue]

_JSON_TYPES = (
    "application/json",
    "application/hal+json",
    "application/vnd.hal+json",
    "application/prs.hal-forms+json",
)
_json: Parser = lambda text, _shape: parse_json(text)  # noqa: E731
DOCUMENTS: Mapping[str, Parser] = {
    **dict.fromkeys(_JSON_TYPES, _json),
    "application/xml": parse_xml,
    FORM: parse_form,
}
"""The media types of a whole document, as POST and PUT take it."""
PATCHES: Mapping[str, Parser] = {
    MERGE_PATCH: _json,
    JSON_PATCH: _json,
    **dict.fromkeys(_JSON_TYPES, _json),
    FORM: parse_form,
}
"""The media types of a change; JSON and forms are taken as merge patches."""
ACCEPT_POST = ", ".join(DOCUMENTS)
ACCEPT_PATCH = ", ".join(PATCHES)


class Body:
    """The events of a body, as Falcon may have them.

    Falcon waits for the first event before anything else and takes a body that broke
    off for a whole one. Here the first event is an empty one made up, so that a request
    can be refused before its body is read, and a body that breaks off is an error.
    """

    def __init__(self, receive: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._receive = receive
        self._has_begun = False
        self._has_ended = False

    async def receive(self) -> dict[str, Any]:
        """The next event.

        Raises:
            MalformedBody: the body broke off.
        """
        if not self._has_begun:
            self._has_begun = True
            return {"type": "http.request", "body": b"", "more_body": True}
        event = await self._receive()
        if event["type"] == "http.disconnect" and not self._has_ended:
            raise MalformedBody("The body broke off before its end.")
        self._has_ended = self._has_ended or not event.get("more_body", False)
        return event


def is_form(req: ApiRequest) -> bool:
    """Whether the body is a form's."""
    return parameters(req.content_type or "")[0].lower() == FORM


def has_body(scope: dict[str, Any]) -> bool:
    """Whether the request announces a body (RFC 9112, section 6)."""
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return True
        if name == b"content-length":
            return bool(value != b"0")
    return False


def media_type_of(req: ApiRequest, known: Mapping[str, Parser]) -> str:
    """The media type of the request's body; without a Content-Type, JSON is meant.

    Raises:
        UnsupportedMediaType: it is none of the known ones, or not in UTF-8.
    """
    header = req.content_type
    if header is None:
        return "application/json"
    name, given = parameters(header)
    charset = given.get("charset", "utf-8").lower()
    if name.lower() in known and charset in {"utf-8", "utf8", "us-ascii"}:
        return name.lower()
    raise _unsupported(header, tuple(known), is_patch=known is PATCHES)


async def read_body(req: ApiRequest) -> bytes:
    """The whole body, at most 1 MiB, counted while it comes in.

    Raises:
        BodyTooLarge: it is larger.
        UnsupportedMediaType: it is coded in a way that we do not decode.
    """
    if req.form is not None:
        return req.form.body
    coding = req.get_header("Content-Encoding") or req.get_header("Transfer-Encoding")
    if coding is not None and coding.lower() not in {"identity", "chunked"}:
        raise UnsupportedMediaType(
            f"A body coded as {coding} is not read here.",
            available=["identity"],
            headers={"Accept-Encoding": "identity"},
        )
    length = req.content_length
    if length is not None and length > LARGEST_BODY:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    async for part in req.stream:
        size += len(part)
        if size > LARGEST_BODY:
            raise _too_large()
        parts.append(part)
    return b"".join(parts)


def parse_document(text: bytes, media_type: str, shape: Shape) -> dict[str, JsonValue]:
    """The members that a whole document has; a form without fields is empty.

    Raises:
        MalformedBody: it can't be read, or is no object.
    """
    if not text and media_type != FORM:
        raise MalformedBody("The request has no body.")
    value = DOCUMENTS[media_type](text, shape)
    if not isinstance(value, dict):
        raise MalformedBody("The body must be an object with members.")
    return value


def parse_patch(text: bytes, media_type: str, shape: Shape) -> JsonValue:
    """A change as it was sent: an object to merge, or a list of operations.

    A form without fields changes nothing.

    Raises:
        MalformedBody: it can't be read, or is neither.
    """
    if not text and media_type != FORM:
        raise MalformedBody("The request has no body.")
    value: JsonValue = PATCHES[media_type](text, shape)
    wanted = list if media_type == JSON_PATCH else dict
    if not isinstance(value, wanted):
        what = "a list of operations" if wanted is list else "an object to merge"
        raise MalformedBody(f"The body must be {what}.")
    return value


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(f"A body may have up to {LARGEST_BODY:,} octets.")


def _unsupported(
    header: str, available: Sequence[str], *, is_patch: bool
) -> UnsupportedMediaType:
    name = "Accept-Patch" if is_patch else "Accept-Post"
    return UnsupportedMediaType(
        f"A body of type {header} is not read here.",
        available=available,
        headers={name: ", ".join(available)},
    )
