"""Document -> bytes: one module per family of media types, and the registry of them.

The order of the registry is the order of preference where a client has none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from api.formats import hal, hal_forms, html, streams, xml
from api.hypermedia.document import Document, Problem


@dataclass(frozen=True, eq=False)
class Format:
    """A way to write documents: its media types, the first one preferred.

    `name` is what tells its entity tags from those of other formats; `suffix` is what
    a path may end in to ask for it, if there is one. `pretty` writes the same document
    indented, where the format knows indentation. What `has_forms` shows those too; what
    is `for_people` is shown by browsers. `fields` are header fields of its answers,
    `parameters` stand behind the media type there. What has `lines` writes collections
    only, and can write them whole, as a stream.
    """

    name: str
    suffix: str
    media_types: tuple[str, ...]
    render: Callable[[Document], bytes]
    problem_type: str
    render_problem: Callable[[Problem], bytes]
    pretty: Callable[[bytes, int], bytes] | None = None
    has_forms: bool = False
    for_people: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    parameters: str = ""
    lines: streams.Lines | None = None


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
HAL_FORMS = Format(
    name="forms",
    suffix="",
    media_types=("application/prs.hal-forms+json",),
    render=hal_forms.render_hal_forms,
    problem_type="application/problem+json",
    render_problem=hal.render_problem,
    pretty=hal.indented,
    has_forms=True,
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
HTML = Format(
    name="html",
    suffix=".html",
    media_types=("text/html",),
    render=html.render_html,
    problem_type="text/html; charset=utf-8",
    render_problem=html.render_html_problem,
    has_forms=True,
    for_people=True,
    fields={
        "content-security-policy": "default-src 'none'; style-src 'self'; "
        "script-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'self'",
        "referrer-policy": "same-origin",
    },
    parameters="; charset=utf-8",
)
FORMATS = (HAL, HAL_FORMS, XML, HTML)
"""The formats of documents."""

NDJSON = Format(
    name="ndjson",
    suffix=".ndjson",
    media_types=("application/x-ndjson",),
    render=streams.NDJSON.render,
    problem_type="application/problem+json",
    render_problem=hal.render_problem,
    lines=streams.NDJSON,
)
CSV = Format(
    name="csv",
    suffix=".csv",
    media_types=("text/csv",),
    render=streams.CSV.render,
    problem_type="application/problem+json",
    render_problem=hal.render_problem,
    parameters="; charset=utf-8; header=present",
    lines=streams.CSV,
)
STREAMS = (NDJSON, CSV)
"""What collections are written in besides."""
