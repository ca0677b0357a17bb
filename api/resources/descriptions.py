"""What the service says about itself, the root first: the same for all, all day."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from zlib import crc32

import falcon.asgi

from api.descriptions.endpoint import Endpoint
from api.documents.building import Builder
from api.formats import FORMATS, HAL, Format
from api.formats.files import file_format
from api.hypermedia.document import NOTHING, Document
from api.protocol import caching
from api.protocol.answers import Representation
from api.protocol.conditional import State, conditions_of
from api.protocol.request import ApiRequest
from api.resources.base import Resource
from api.resources.service import Service, builder_below

Telling = Callable[..., Document]
"""A function from a builder, and what the path names, to a description."""


class Description(Resource):
    """A document that changes only with the service itself, so its parts are kept."""

    def __init__(
        self,
        service: Service,
        telling: Telling,
        formats: tuple[Format, ...] = FORMATS,
        schema: str | None = None,
        sample: Mapping[str, str] | None = None,
    ) -> None:
        """`schema` names what describes it; a `sample` has values for its path."""
        super().__init__(service)
        self.read_formats = formats
        self._telling = telling
        self._schema = schema
        self._sample = sample
        self._described = lru_cache(maxsize=256)(self.describe)

    def describe(self, mount: str, **params: str) -> tuple[Document, State]:
        """The document below a mount prefix, and a version made from what it says."""
        document = self._telling(builder_below(mount), **params)
        return document, State(crc32(HAL.render(document)))

    def endpoint(self, name: str, path: str) -> Endpoint:
        """What descriptions are told of this one."""
        sample = None
        if self._sample is not None:
            sample = partial(self._telling, **self._sample)
        told = super().endpoint(name, path)
        return replace(told, schema=self._schema, sample=sample)

    async def on_get(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """The description."""
        req.refuse_query()
        conditions = conditions_of(req)
        document, state = self._described(req.mount, **params)
        named = Representation(
            req.variant, caching.DESCRIPTION, req.content_location, vary=req.vary
        )
        if conditions.is_fresh(state, req.variant.tag):
            named.not_modified(state).send(resp)
        else:
            named.carry(document, state).send(resp)

    on_head = on_get


class File(Description):
    """A file that pages load, as it is."""

    def __init__(self, service: Service, path: Path) -> None:
        self._format = file_format(path)
        super().__init__(service, _nothing, (self._format,))

    def describe(self, mount: str, **params: str) -> tuple[Document, State]:
        """Nothing, for all is in the format, and a version made from that."""
        document = self._telling(builder_below(mount), **params)
        return document, State(crc32(self._format.render(document)))


def _nothing(_builder: Builder) -> Document:
    return Document({}, NOTHING, {})
