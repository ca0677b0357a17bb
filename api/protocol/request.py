"""The request as our resources see it: Falcon's, with what the shell found out."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from random import getrandbits
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import UUID

import falcon.asgi

from api.errors import Fault, InvalidQuery, Place
from api.protocol.form_posts import FormPost
from api.protocol.negotiation import DEFAULT, Variant
from api.protocol.preferences import NONE_GIVEN, Preferences, read_preferences
from api.protocol.rates import UNCOUNTED, Rate
from api.roles import ANYONE, Caller

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Every method of the service, in the order in which Allow lists them."""


@lru_cache(maxsize=256)
def _octets(name: str) -> bytes:
    return name.lower().encode("latin-1")


@lru_cache(maxsize=1024)
def _as_in_uri(query: str) -> str:
    """The query with what a URI can't hold percent-encoded (RFC 3986, section 3.4)."""
    return quote(query, safe="/?:@!$&'()*+,;=-._~%")


class ApiRequest(falcon.asgi.Request):
    """A request together with its id, its representation and its mount prefix.

    `mount` is the path below which the service stands. The path has lost its `suffix`.
    `address` is where it came from, past the trusted proxies if it `is_proxied`.
    `started` is set where requests are logged. `versioned` is what conditions are
    compared with, where that is another resource. `form` is what a page of ours sent,
    and then `resource` is what it was sent to. `span` is set where traces are made.
    """

    started: float = 0.0
    mount: str = ""
    suffix: str = ""
    variant: Variant = DEFAULT
    caller: Caller = ANYONE
    address: str | None = None
    is_proxied: bool = False
    rate: Rate = UNCOUNTED
    span: Any = None
    versioned: Place | None = None
    form: FormPost | None = None
    resource: Any = None

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
        required: bool = False,
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
        header = self.fields.get(b"prefer")
        if header is None:
            return NONE_GIVEN
        return read_preferences(header.decode("latin-1"))

    @property
    def tag(self) -> str:
        """What tells entity tags of this representation from those of others.

        Documents show what their reader may do, so that counts too.
        """
        own, caller = self.variant.tag, self.caller.tag
        return f"{own}-{caller}" if caller else own

    @property
    def vary(self) -> str:
        """What the answer is chosen by; `Prefer` decides what a query may hold."""
        return "Accept, Prefer" if self.query_string else "Accept"

    @property
    def content_location(self) -> str | None:
        """The URI of just this representation; the root and indented ones have none."""
        suffix = self.variant.format.suffix
        if self.path == "/" or self.variant.indent or not suffix:
            return None
        query = f"?{_as_in_uri(self.query_string)}" if self.query_string else ""
        return f"{self.mount}{self.path}{suffix}{query}"

    def take_form(self, form: FormPost) -> None:
        """From here on be the request that the form means."""
        self.form = form
        self.method = form.method
        if form.etag is not None:
            self._asgi_headers[b"if-match"] = form.etag.encode("latin-1", "replace")

    def refuse_query(self) -> None:
        """Make sure that there are no parameters, where none has a meaning.

        Raises:
            InvalidQuery: there are some, and the request is not lenient.
        """
        if not self.query_string or self.preferences.is_lenient:
            return
        names = [
            name for name, _ in parse_qsl(self.query_string, keep_blank_values=True)
        ]
        if names:
            raise InvalidQuery(
                [
                    Fault("There are no parameters here.", "unknown", parameter=name)
                    for name in dict.fromkeys(names)
                ]
            )
