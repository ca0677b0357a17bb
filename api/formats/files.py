"""Files that browsers get as they are: scripts and stylesheets."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from api.formats import Format, hal

_MEDIA_TYPES: Mapping[str, str] = {".js": "text/javascript", ".css": "text/css"}


METRICS = Format(
    name="metrics",
    suffix="",
    media_types=("text/plain",),
    render=lambda _document: b"",
    problem_type="application/problem+json",
    render_problem=hal.render_problem,
)
"""What Prometheus reads; others write it."""


@lru_cache(maxsize=16)
def file_format(path: Path) -> Format:
    """The format in which there is just what the file holds, which is read here."""
    octets = path.read_bytes()
    return Format(
        name=path.suffix[1:],
        suffix="",
        media_types=(_MEDIA_TYPES[path.suffix],),
        render=lambda _document: octets,
        problem_type="application/problem+json",
        render_problem=hal.render_problem,
        parameters="; charset=utf-8",
    )
