"""The blocking client: each operation waits for what comes of it."""

from typing import Self

import httpx2

from waymark_client.drivers import BlockingDriver
from waymark_client.operations import (
    Blocking,
    DocumentOperations,
    FormOperations,
    StartOperations,
)


class Form(FormOperations["Resource"], Blocking["Resource"]):
    """A form, and how to send it."""


class Resource(DocumentOperations[Form], Blocking["Resource"]):
    """A document, and what can be done with it."""

    form_class = Form


class Waymark(StartOperations[Resource, httpx2.BaseTransport], Blocking[Resource]):
    """A service, known by one URI."""

    document_class = Resource
    driver_class = BlockingDriver
    driver: BlockingDriver

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.driver.close()
