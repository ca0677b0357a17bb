"""The request as our resources see it: Falcon's, with what the shell found out."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from random import getrandbits
from typing import Any
from uuid import UUID

import falcon.asgi

from api.errors import Fault, InvalidQuery
from api.protocol.negotiation import DEFAULT, Variant
from api.protocol.preferences import NONE_GIVEN, Preferences, read_preferences


@lru_cache(maxsize=256)
def _octets(name: str) -> bytes:
    return name.lower().encode("latin-1")


class ApiRequest(falcon.asgi.Request):
    """A request together with its id, its representation and its mount prefix.

    `mount` is the path below which the service stands. The path has lost its suffix.
    `started` is set where requests are logged.
    """

    started: float = 0.0
    mount: str = ""
    variant: Variant = DEFAULT

    @cached_property
    def request_id(self) -> str:
        """A UUID (RFC 9562, version 4) that names the request in logs and problems."""
        return str(UUID(int=getrandbits(128), version=4))

    @property
    def fields(self) -> Mapping[bytes, bytes]:
        """The header fields as they came, with names in lower case."""
        return self._asgi_headers

    def get_header(
        self,
        name: str,
        required: bool = False,  # noqa: FBT001, FBT002 - Falcon's signature
        default: str | None = None,
    ) -> Any:
        """The value of a header field; Falcon's own raises for each that is absent."""
        if required:
            return super().get_header(name, required=True)
        value = self._asgi_headers.get(_octets(name))
        return default if value is None else value.decode("latin-1")

    @property
    def preferences(self) -> Preferences:
        """What the Prefer header asks for."""
        header = self.get_header("Prefer")
        return NONE_GIVEN if header is None else read_preferences(header)

    @property
    def href(self) -> str:
        """The path and query of the request, without a suffix and below the prefix."""
        query = f"?{self.query_string}" if self.query_string else ""
        return f"{self.mount}{self.path}{query}"

    @property
    def content_location(self) -> str | None:
        """The URI of just this representation; the root and indented ones have none."""
        if self.path == "/" or self.variant.indent:
            return None
        query = f"?{self.query_string}" if self.query_string else ""
        return f"{self.mount}{self.path}{self.variant.format.suffix}{query}"

    def refuse_query(self) -> None:
        """Make sure that there are no parameters, where none has a meaning.

        Raises:
            InvalidQuery: there are some, and the request is not lenient.
        """
        if self.query_string and not self.preferences.is_lenient:
            raise InvalidQuery(
                [
                    Fault("There are no parameters here.", "unknown", parameter=name)
                    for name in sorted(self.params)
                ]
            )
