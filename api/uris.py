"""Every path of the service by name; no other module spells one.

Paths are URI templates in Falcon's form; what stands in braces is the key of a noun.
Hrefs are path-absolute and carry the mount prefix (contract, section 3).
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import quote, urlencode

PATHS: Mapping[str, str] = {
    "root": "/",
    "books": "/books",
    "book": "/books/{book}",
    "reviews": "/books/{book}/reviews",
    "review": "/books/{book}/reviews/{review}",
    "products": "/products",
    "product": "/products/{product}",
    "customers": "/customers",
    "customer": "/customers/{customer}",
    "customer_configuration": "/customers/{customer}/configuration",
    "customer_orders": "/customers/{customer}/orders",
    "orders": "/orders",
    "order": "/orders/{order}",
    "lineitems": "/orders/{order}/lineitems",
    "lineitem": "/orders/{order}/lineitems/{lineitem}",
    "placement": "/orders/{order}/placement",
    "payment": "/orders/{order}/payment",
    "shipment": "/orders/{order}/shipment",
    "delivery": "/orders/{order}/delivery",
    "cancellation": "/orders/{order}/cancellation",
    "tasks": "/tasks",
    "task": "/tasks/{task}",
    "items": "/items",
    "item": "/items/{item}",
    "configuration": "/configuration",
    "users": "/users",
    "user": "/users/{user}",
    "stylesheet": "/assets/style.css",
    "script": "/assets/comfort.js",
    "relation": "/rels/{rel}",
    "schema": "/schemas/{schema}",
    "problem": "/problems/{slug}",
    "openapi": "/openapi.json",
    "docs": "/docs",
    "docs_script": "/docs/swagger-ui-bundle.js",
    "docs_stylesheet": "/docs/swagger-ui.css",
    "docs_start": "/docs/start.js",
    "docs_header": "/docs/header.css",
    "catalog": "/.well-known/api-catalog",
    "health_live": "/health/live",
    "health_ready": "/health/ready",
    "metrics": "/metrics",
}
SECOND_PATHS: Mapping[str, str] = {
    name: "/customers/{customer}" + path
    for name, path in PATHS.items()
    if path.startswith("/orders/")
}
"""Second paths of what also stands below its customer, by the names of the first."""

SUFFIXES = (".json", ".xml", ".html", ".ndjson", ".csv")
"""Endings of a last path segment that name a format, so no key may end in one."""

FIXED_PATHS = frozenset(path for path in PATHS.values() if path.endswith(SUFFIXES))
"""Paths that end like a suffix, and mean it."""

_VARIABLE = re.compile(r"\{(\w+)\}")
# A comma is kept encoded, since simple parsers of the Link header split on commas.
_SAFE_IN_QUERY = "/:@!$'()*-._~"


def encode_query(parameters: list[tuple[str, str]]) -> str:
    """A query string with its question mark, or nothing where there are no parameters.

    Spaces are `%20` and commas `%2C`, which every client reads alike.
    """
    if not parameters:
        return ""
    return "?" + urlencode(parameters, safe=_SAFE_IN_QUERY, quote_via=quote)


@lru_cache(maxsize=4096)
def quoted(value: str) -> str:
    """The value as it stands in a query string."""
    return quote(value, safe=_SAFE_IN_QUERY)


class Uris:
    """The hrefs of the service below one mount prefix, such as `/shop` or nothing."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self._makers: dict[str, Callable[..., str]] = {}

    def template(self, name: str) -> str:
        """The URI template (RFC 6570) of a named path."""
        return self.prefix + PATHS[name]

    def maker(self, name: str) -> Callable[[tuple[object, ...]], str]:
        """A fast function from the path's keys, in their order, to its href."""
        return _VARIABLE.sub("%s", self.template(name).replace("%", "%%")).__mod__

    def searcher(self, name: str, parameter: str) -> Callable[[str], str]:
        """A fast function from a value to the href that asks a collection for it."""
        start = f"{self.template(name)}?{parameter}="
        return lambda value: start + quoted(value)

    def href(self, name: str, *keys: object) -> str:
        """The href of a named path with its keys filled in, in their order."""
        maker = self._makers.get(name)
        if maker is None:
            maker = self._makers[name] = self.maker(name)
        return maker(keys)


@lru_cache(maxsize=64)
def uris_below(prefix: str) -> Uris:
    """The `Uris` of a mount prefix; the same object for the same prefix."""
    return Uris(prefix)
