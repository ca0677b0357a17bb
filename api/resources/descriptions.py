"""The root, and what describes relations and problems: the same for all, all day."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from zlib import crc32

import falcon.asgi

from api.formats import HAL
from api.hypermedia.document import Document
from api.protocol import caching
from api.protocol.answers import Representation
from api.protocol.conditional import State, conditions_of
from api.protocol.request import ApiRequest
from api.resources.base import Resource
from api.resources.service import Service, builder_below

Describing = Callable[[str], dict[str, Any]]


class Description(Resource):
    """A document that changes only with the service itself, so its parts are kept."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._described = lru_cache(maxsize=256)(self.describe)

    def describe(self, mount: str, **params: str) -> tuple[Document, State]:
        """The document below a mount prefix, and a version made from what it says."""
        document = self.document(mount, **params)
        return document, State(crc32(HAL.render(document)))

    def document(self, mount: str, **params: str) -> Document:
        """The document below a mount prefix."""
        raise NotImplementedError

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


class Root(Description):
    """Where every walk begins."""

    def document(self, mount: str, **_params: str) -> Document:
        """A link to every collection, and a template for one of each noun."""
        return builder_below(mount).root()


class Described(Description):
    """Something that is described by name: a relation, or a problem type."""

    def __init__(self, service: Service, path: str, describing: Describing) -> None:
        super().__init__(service)
        self._path = path
        self._describing = describing

    def document(self, mount: str, **params: str) -> Document:
        """What is said of the one that the path names."""
        (name,) = params.values()
        builder = builder_below(mount)
        return builder.described(
            builder.uris.href(self._path, name), self._describing(name)
        )
