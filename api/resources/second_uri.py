"""Second URIs: what stands below its customer too, under the same customer only."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import falcon.asgi

from api.descriptions.endpoint import Endpoint
from api.documents.customer import CUSTOMER
from api.documents.order import ORDER
from api.protocol.request import METHODS, ApiRequest
from api.resources.base import Resource, keys_in
from api.storage import rows
from api.uris import uris_below

Responder = Callable[..., Awaitable[None]]


class SecondUri:
    """Passes each request on to the resource at its canonical URI.

    From here on the request is one for the canonical path, so `Content-Location`,
    `self` and every other link name it (contract, section 2).
    """

    def __init__(self, resource: Resource, name: str) -> None:
        """`name` is that of the resource's path."""
        self.resource = resource
        self.access = resource.access
        self.allow = resource.allow
        self.formats = resource.formats
        self.read_formats = resource.read_formats
        self._name = name
        for method in METHODS:
            responder = f"on_{method.lower()}"
            if hasattr(resource, responder):
                setattr(self, responder, self._passed_on(getattr(resource, responder)))

    def endpoint(self, name: str, path: str) -> Endpoint:
        """What descriptions are told of the resource at its second path."""
        return replace(self.resource.endpoint(name, path), is_second=True)

    def _passed_on(self, respond: Responder) -> Responder:
        async def respond_here(
            req: ApiRequest, resp: falcon.asgi.Response, **params: str
        ) -> None:
            keys = keys_in((CUSTOMER, ORDER), params)
            await self.resource.service.storage.read(rows.find, ORDER.model, keys)
            del params[CUSTOMER.name]
            req.path = uris_below("").href(self._name, *params.values())
            await respond(req, resp, **params)

        return respond_here

    async def show_again(
        self, req: ApiRequest, params: dict[str, str], *told: Any
    ) -> None:
        """Let the resource itself show the form whose request failed."""
        await self.resource.show_again(req, params, *told)
