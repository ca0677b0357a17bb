"""Answers as plain values, and how they become Falcon's responses.

An answer can be kept as a receipt and sent again, so it knows no response object.
Values made for each request are msgspec structs: a frozen dataclass sets each of its
fields by a call of its own.
"""

from http import HTTPStatus
from typing import Any, NamedTuple

import falcon.asgi
import msgspec

from api.hypermedia.document import Document, Links
from api.protocol.conditional import State, etag, http_date
from api.protocol.link_header import link_header
from api.protocol.negotiation import Variant

STATUS_LINES = {each.value: f"{each.value} {each.phrase}" for each in HTTPStatus}


class Change(NamedTuple):
    """What a write did: to one of which noun, from which version to which."""

    noun: str
    keys: tuple[Any, ...]
    before: int | None
    after: int | None


class Answer(msgspec.Struct):
    """A status, header fields with names in lower case, and a body or none.

    `change` is what was written, unless the answer was given before.
    """

    status: int
    headers: dict[str, str] = {}
    body: bytes = b""
    change: Change | None = None

    def send(self, resp: falcon.asgi.Response) -> None:
        """Make the response say this."""
        resp.status = STATUS_LINES[self.status]
        # Falcon's setters check what is right by construction here, 0.4 µs a field.
        headers = resp._headers  # noqa: SLF001
        headers.update(self.headers)
        headers["x-content-type-options"] = "nosniff"
        if self.body:
            resp.data = self.body

    def back_to(self, path: str | None) -> "Answer":
        """The answer to a form: where the browser is to look now (RFC 9110, 15.4.4).

        Without a path that is what was made.
        """
        location = path or self.headers.get("location", "/")
        headers = {"location": location, "cache-control": self.headers["cache-control"]}
        return Answer(HTTPStatus.SEE_OTHER, headers | {"vary": "Accept"})


class Representation(msgspec.Struct, frozen=True):
    """What a representation is called in header fields, whatever it contains.

    `location` is the URI of just this one, if it has one. `tag` tells its entity tags
    from those of other representations; `vary` names what it was chosen by.
    """

    variant: Variant
    cache: str
    location: str | None = None
    tag: str = ""
    vary: str = "Accept"

    def headers(self, state: State | None) -> dict[str, str]:
        """The fields that a 200 and its 304 share (RFC 9110, section 15.4.5)."""
        headers = {"cache-control": self.cache, "vary": self.vary}
        if state is not None:
            headers["etag"] = etag(state.version, self.tag or self.variant.tag)
            if state.updated is not None:
                headers["last-modified"] = http_date(state.updated)
        if self.location is not None:
            headers["content-location"] = self.location
        return headers

    def not_modified(self, state: State) -> Answer:
        """304: the client has it already."""
        return Answer(HTTPStatus.NOT_MODIFIED, self.headers(state))

    def carry(
        self, document: Document, state: State | None, status: int = HTTPStatus.OK
    ) -> Answer:
        """An answer with the document in this representation."""
        headers = self.announce(document.links, state)
        return Answer(status, headers, self.variant.render(document))

    def announce(self, links: Links, state: State | None) -> dict[str, str]:
        """The fields of an answer with a body that has the links."""
        headers = self.headers(state)
        headers["content-type"] = self.variant.content_type
        headers |= self.variant.format.fields
        listed = link_header(links)
        if listed:
            headers["link"] = listed
        return headers
