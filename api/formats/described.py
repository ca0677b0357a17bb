"""Formats of descriptions that have a media type of their own: JSON, the state alone.

Such a document has links too; they stand in the Link header only.
"""

import msgspec

from api.formats import Format, hal
from api.hypermedia.document import Document

_encode = msgspec.json.Encoder().encode


def render_state(document: Document) -> bytes:
    """The document's state as compact JSON in UTF-8, without hypermedia."""
    return _encode(document.state)


def _json(name: str, media_type: str, parameters: str = "", suffix: str = "") -> Format:
    return Format(
        name=name,
        suffix=suffix,
        media_types=(media_type,),
        render=render_state,
        problem_type="application/problem+json",
        render_problem=hal.render_problem,
        pretty=hal.indented,
        parameters=parameters,
    )


_PLAIN = _json("plain", "application/json")
SCHEMA = _json("schema", "application/schema+json", suffix=".json")
OPENAPI = _json("openapi", "application/vnd.oai.openapi+json", "; version=3.1")
LINKSET = _json(
    "linkset",
    "application/linkset+json",
    '; profile="https://www.rfc-editor.org/info/rfc9727"',
)
HEALTH = _json("health", "application/health+json")
HEALTH_FORMATS = (HEALTH, _PLAIN)
SCHEMA_FORMATS = (SCHEMA, _PLAIN)
OPENAPI_FORMATS = (OPENAPI, _PLAIN)
LINKSET_FORMATS = (LINKSET, _PLAIN)
"""What each sort of description is written in, the first where a client has no wish."""
