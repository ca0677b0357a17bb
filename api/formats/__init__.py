"""Document -> bytes: one module per family of media types, and the registry of them.

The order of the registry is the order of preference where a client has none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from api.formats import hal, xml
from api.hypermedia.document import Document, JsonValue

Problem: TypeAlias = Mapping[str, JsonValue]


@dataclass(frozen=True)
class Format:
    """A way to write documents: its media types, the first one preferred.

    `name` is what tells its entity tags from those of other formats; `suffix` is what
    a path may end in to ask for it. `pretty` writes the same document indented, where
    the format knows indentation.
    """

    name: str
    suffix: str
    media_types: tuple[str, ...]
    render: Callable[[Document], bytes]
    problem_type: str
    render_problem: Callable[[Problem], bytes]
    pretty: Callable[[bytes, int], bytes] | None = None


HAL = Format(
    name="json",
    suffix=".json",
    media_types=(
        "application/hal+json",
        "application/vnd.hal+json",
        "application/json",
    ),
    render=hal.render_hal,
    problem_type="application/problem+json",
    render_problem=hal.render_problem,
    pretty=hal.indented,
)
XML = Format(
    name="xml",
    suffix=".xml",
    media_types=(
        "application/xml",
        "text/xml",
        "application/hal+xml",
        "application/vnd.hal+xml",
    ),
    render=xml.render_xml,
    problem_type="application/problem+xml",
    render_problem=xml.render_problem,
)
FORMATS = (HAL, XML)
BY_SUFFIX: Mapping[str, Format] = {each.suffix: each for each in FORMATS}
BY_MEDIA_TYPE: Mapping[str, Format] = {
    media_type: each for each in FORMATS for media_type in each.media_types
}
