"""The asynchronous client: each operation gives something to be awaited."""

from typing import Self

import httpx2

from waymark_client.drivers import AsyncDriver
from waymark_client.operations import (
    Awaiting,
    DocumentOperations,
    FormOperations,
    StartOperations,
)


class AsyncForm(FormOperations["AsyncResource"], Awaiting["AsyncResource"]):
    """A form, and how to send it."""


class AsyncResource(DocumentOperations[AsyncForm], Awaiting["AsyncResource"]):
    """A document, and what can be done with it."""

    form_class = AsyncForm


class AsyncWaymark(
    StartOperations[AsyncResource, httpx2.AsyncBaseTransport], Awaiting[AsyncResource]
):
    """A service, known by one URI."""

    document_class = AsyncResource
    driver_class = AsyncDriver
    driver: AsyncDriver

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self.driver.close()
