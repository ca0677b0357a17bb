"""What the service says about itself, the root first: the same all day."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from zlib import crc32

import falcon.asgi

from api.descriptions.endpoint import Endpoint
from api.documents.building import Builder
from api.formats import FORMATS, Format
from api.formats.files import file_format
from api.hypermedia.document import NOTHING, Document
from api.protocol import caching
from api.protocol.answers import Answer, Representation
from api.protocol.conditional import State, conditions_of
from api.protocol.request import ApiRequest
from api.resources.base import Resource
from api.resources.service import Service, builder_below
from api.roles import EVERYTHING, Access, Rights, Role

Telling = Callable[..., Document]
"""A function from a builder, and what the path names, to a description."""


class Description(Resource):
    """A document that changes only with the service itself, so its answers are kept."""

    is_personal = False
    """Whether it shows only what its reader may do."""

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
        self._answered = lru_cache(maxsize=256)(self._answer)

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
        named = Representation(
            req.variant, caching.DESCRIPTION, req.content_location, vary=req.vary
        )
        rights = req.caller.rights if self.is_personal else EVERYTHING
        answer, state = self._answered(req.mount, rights, named, **params)
        if conditions.is_fresh(state, req.variant.tag):
            answer = named.not_modified(state)
        answer.send(resp)

    on_head = on_get

    def _answer(
        self, mount: str, rights: Rights, named: Representation, **params: str
    ) -> tuple[Answer, State]:
        """The whole answer below a mount prefix, and a version made from its body."""
        document = self._telling(builder_below(mount, rights), **params)
        state = State(crc32(named.variant.render(document)))
        return named.carry(document, state), state


class Root(Description):
    """Where every walk begins, with the links that its reader may follow."""

    is_personal = True


class OpenDescription(Description):
    """A description that nobody needs a token to read, as refusals lead there."""

    access = Access(read=Role.STRANGER)


class File(OpenDescription):
    """A file that pages load, as it is."""

    def __init__(self, service: Service, path: Path) -> None:
        super().__init__(service, _nothing, (file_format(path),))


def _nothing(_builder: Builder) -> Document:
    return Document({}, NOTHING, {})
