"""Health and metrics: what operators and their tools ask."""

from dataclasses import replace
from http import HTTPStatus

import falcon.asgi

from api.descriptions.endpoint import Endpoint
from api.formats import Format
from api.formats.described import HEALTH_FORMATS
from api.formats.files import METRICS
from api.hypermedia.document import NOTHING, Document
from api.operations import metrics
from api.operations.health import Health, liveness, readiness
from api.protocol import caching
from api.protocol.answers import Answer, Representation
from api.protocol.request import ApiRequest
from api.resources.base import Resource
from api.roles import Access, Role
from api.storage.migrations import is_current


class Live(Resource):
    """Whether the process lives; who starts processes anew asks this."""

    access = Access(read=Role.STRANGER)
    read_formats: tuple[Format, ...] = HEALTH_FORMATS
    is_versioned = False

    async def on_get(self, req: ApiRequest, resp: falcon.asgi.Response) -> None:
        """The health of the process."""
        req.refuse_query()
        health = await self.health()
        named = Representation(req.variant, caching.NO_STORE)
        document = Document(health.told, NOTHING, {})
        named.carry(document, None, health.status).send(resp)

    on_head = on_get

    async def health(self) -> Health:
        """What is told."""
        return liveness()


class Ready(Live):
    """Whether it should be sent requests; balancers ask this."""

    def endpoint(self, name: str, path: str) -> Endpoint:
        """What descriptions are told: who is not ready says so in the same form."""
        told = super().endpoint(name, path)
        return replace(told, also=(HTTPStatus.SERVICE_UNAVAILABLE,))

    async def health(self) -> Health:
        """What is told, after a look at the database."""
        storage = self.service.storage
        return await readiness(lambda: storage.read(is_current))


class Metrics(Resource):
    """What was counted, for Prometheus."""

    read_formats: tuple[Format, ...] = (METRICS,)
    is_versioned = False

    async def on_get(self, req: ApiRequest, resp: falcon.asgi.Response) -> None:
        """What was counted by all processes."""
        req.refuse_query()
        headers = Representation(req.variant, caching.NO_STORE).headers(None)
        headers["content-type"] = metrics.CONTENT_TYPE
        Answer(HTTPStatus.OK, headers, metrics.exposition()).send(resp)

    on_head = on_get
