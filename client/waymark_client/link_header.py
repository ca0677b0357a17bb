"""The Link header field (RFC 8288)."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

_PARAMETER = re.compile(r'\s*;\s*([^\s=;,]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,]*))?')
_TARGET = re.compile(r"[\s,]*<([^>]*)>")


def links_in(field: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Relation, target and other parameters of each link; a repeated one counts once.

    A link with several relations is told once for each; what breaks the syntax ends it.
    """
    place = 0
    while target := _TARGET.match(field, place):
        place = target.end()
        parameters: dict[str, str] = {}
        while found := _PARAMETER.match(field, place):
            place = found.end()
            name, value = found[1].lower(), _unquoted(found[2] or "")
            if name.endswith("*"):
                name, value = name[:-1], unquote(value.rpartition("'")[2])
                parameters[name] = value
            parameters.setdefault(name, value)
        for rel in parameters.pop("rel", "").split():
            yield rel, target[1], parameters


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1])
