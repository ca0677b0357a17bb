"""Endpoint: what a description must know of a resource, told by the resource itself."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus

from api.documents.building import Builder
from api.documents.kind import Kind
from api.formats import Format
from api.hypermedia.document import Document
from api.protocol.queries import Vocabulary
from api.roles import Access, Rights
from api.uris import PATHS

_KEY = re.compile(r"\{(\w+)\}")
READING = ("GET", "HEAD")


@dataclass(frozen=True, eq=False)
class Endpoint:
    """A path and what stands there.

    `methods` are those that it allows, each with what it says it does. `formats` are
    those that it is read in; `schema` names what describes its JSON, if anything does;
    `sample` makes an example of it, if there is a good one. `accepted` are the header
    fields that tell which bodies it reads. What belongs to a noun has its `kind` and
    `vocabulary`; `is_page` tells a collection, `is_second` a second path.
    `requires_match` tells that changes must be conditional, `is_limited` that too many
    requests are refused. Where it is asked who asks, `nobody` has the rights of who
    shows no token; `access` tells what those are good for. What `is_versioned` has
    entity tags. `also` are other statuses than 200 with which a GET answers the same.
    """

    name: str
    path: str
    methods: Mapping[str, str]
    formats: tuple[Format, ...]
    schema: str | None = None
    sample: Callable[[Builder], Document] | None = None
    accepted: Mapping[str, str] = field(default_factory=dict)
    kind: Kind | None = None
    vocabulary: Vocabulary | None = None
    is_page: bool = False
    is_second: bool = False
    requires_match: bool = False
    is_limited: bool = False
    is_versioned: bool = True
    also: tuple[HTTPStatus, ...] = ()
    nobody: Rights | None = None
    access: Access = Access()  # noqa: RUF009 - it can't change

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The names of the keys in the path, in their order."""
        return tuple(_KEY.findall(self.path))

    @cached_property
    def media_types(self) -> tuple[str, ...]:
        """The media types that it can be read in."""
        return tuple(name for each in self.formats for name in each.media_types)

    @property
    def shown_as(self) -> str:
        """The name of what is read there, the same wherever the same is read."""
        return self.schema or self.name

    @property
    def makes(self) -> str:
        """The name of what can be made there, if anything can."""
        is_making = "POST" in self.methods or ("PUT" in self.methods and self.is_at_key)
        return self.kind.slug if self.kind is not None and is_making else ""

    @property
    def is_at_key(self) -> bool:
        """Whether its own key is the client's choice, so that PUT can make it."""
        kind = self.kind
        if kind is None or self.is_page:
            return False
        return kind.is_single or not kind.model.numbered

    @property
    def operation(self) -> str:
        """What distinguishes its operations from those of other endpoints."""
        return f"{self.name}_of_customer" if self.is_second else self.name


def endpoints_by_name(endpoints: "tuple[Endpoint, ...]") -> dict[str, Endpoint]:
    """The endpoints at their first paths, by the names of these."""
    return {each.name: each for each in endpoints if PATHS.get(each.name) == each.path}
