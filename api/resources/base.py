"""What all resources share: keys of paths, OPTIONS, and how a member is answered."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any

import falcon
import falcon.asgi

from api.documents import children_of
from api.documents.kind import Kind
from api.errors import NotFound
from api.hypermedia.document import Document
from api.protocol import caching
from api.protocol.answers import Answer, Representation
from api.protocol.conditional import State
from api.protocol.queries import Vocabulary
from api.protocol.request import ApiRequest
from api.resources.service import Service, builder_below
from api.storage import counters, pages
from api.storage.engine import Connection
from schemas.base import LARGEST_INTEGER, is_key


class Resource:
    """A resource that tells its methods; HEAD equals GET without the body.

    Subclasses with a GET set `on_head = on_get`, for Falcon has no HEAD of its own.
    """

    accepted: Mapping[str, str] = {}
    """The header fields that tell which bodies the resource reads."""

    def __init__(self, service: Service) -> None:
        self.service = service

    @cached_property
    def allow(self) -> str:
        """The resource's methods as the Allow header lists them."""
        return ", ".join(
            method
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
            if hasattr(self, f"on_{method.lower()}")
        )

    async def on_options(
        self, _req: ApiRequest, resp: falcon.asgi.Response, **_params: str
    ) -> None:
        """Which methods there are, and which bodies they read."""
        headers = {
            "allow": self.allow,
            "cache-control": caching.NO_STORE,
            "vary": "Accept",
        }
        Answer(HTTPStatus.NO_CONTENT, {**headers, **self.accepted}).send(resp)


class NounResource(Resource):
    """A resource of a noun, found by the keys of the noun and its parents."""

    def __init__(self, service: Service, kind: Kind) -> None:
        super().__init__(service)
        self.kind = kind
        self.children = children_of(kind)
        self.vocabulary = Vocabulary(
            kind.model,
            kind.shape.members,
            # What stands inside must change the parent's version when it changes.
            tuple(
                child.plural
                for child in self.children
                if child.model.ripple is not None
            ),
        )
        self.cache = caching.PUBLIC if kind.is_public else caching.PRIVATE
        self.parents = _ancestors(kind)
        self.path = (*self.parents, kind)

    def embed(
        self,
        connection: Connection,
        req: ApiRequest,
        documents: Sequence[Document],
        found: Sequence[Any],
        names: Sequence[str],
    ) -> None:
        """Put the beginnings of nested collections into the rows' documents.

        Two statements for each relation, however many rows there are.
        """
        builder = builder_below(req.mount)
        for child in [each for each in self.children if each.plural in names]:
            owners = [getattr(row, self.kind.model.key) for row in found]
            firsts = pages.first_of_each(
                connection, child.model, owners, pages.EMBEDDED_LIMIT
            )
            counts = counters.counts_of(connection, child.model, owners)
            for document, row, owner in zip(documents, found, owners, strict=True):
                document.embedded[child.relation] = builder.embedded_page(
                    child, self.kind.keys_of(row), firsts[owner], counts[owner]
                )

    def written(self, req: ApiRequest, row: Any, status: int = HTTPStatus.OK) -> Answer:
        """The answer to a write that made the row what it is."""
        builder, variant = builder_below(req.mount), req.variant
        href = builder.uris.href(self.kind.name, *self.kind.keys_of(row))
        state = State(row.version, row.updated)
        if req.preferences.is_minimal:
            answer = Answer(
                status if status == HTTPStatus.CREATED else HTTPStatus.NO_CONTENT,
                Representation(variant, caching.PRIVATE).headers(state),
            )
            answer.headers["preference-applied"] = "return=minimal"
        else:
            location = None if variant.indent else href + variant.format.suffix
            named = Representation(variant, caching.PRIVATE, location)
            answer = named.carry(builder.member(self.kind, row), state, status)
        if status == HTTPStatus.CREATED:
            answer.headers["location"] = href
        return answer


def keys_in(path: Sequence[Kind], params: Mapping[str, str]) -> tuple[Any, ...]:
    """The keys that a path holds, in its order.

    Raises:
        NotFound: one of them can't be the key of anything.
    """
    keys: tuple[Any, ...] = ()
    for kind in path:
        text = params[kind.name]
        key = _number(text) if kind.model.numbered else _name(text)
        if key is None:
            raise NotFound(
                f"{text!r} can't be the {kind.model.key} of any of the {kind.plural}.",
                within=(kind.plural, keys),
            )
        keys = (*keys, key)
    return keys


def _number(text: str) -> int | None:
    """A canonical decimal number from 1 on; `01` and `+1` are none."""
    if not (text.isascii() and text.isdigit()) or text[0] == "0" or len(text) > 16:  # noqa: PLR2004 - digits of LARGEST_INTEGER
        return None
    number = int(text)
    return number if number <= LARGEST_INTEGER else None


def _name(text: str) -> str | None:
    return text if is_key(text) else None


def _ancestors(kind: Kind) -> tuple[Kind, ...]:
    return () if kind.parent is None else (*_ancestors(kind.parent), kind.parent)
