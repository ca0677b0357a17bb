"""Which representation a request gets (RFC 9110, section 12.5.1).

One element that can't be read does not spoil the rest of an Accept header.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from api.errors import NotAcceptable
from api.formats import FORMATS, HAL, Format
from api.hypermedia.document import Document
from api.protocol.headers import elements, is_token, parameters
from api.uris import FIXED_PATHS, SUFFIXES

_LARGEST_INDENT = 8


@dataclass(frozen=True)
class Variant:
    """A representation: its format, the media type it goes by, its indentation."""

    format: Format
    media_type: str
    indent: int = 0

    @cached_property
    def tag(self) -> str:
        """What tells its entity tags from those of other representations."""
        return f"{self.format.name}{self.indent or ''}"

    @cached_property
    def content_type(self) -> str:
        """The media type with its parameters."""
        return self.media_type + self.format.parameters

    def render(self, document: Document) -> bytes:
        """The document in this representation."""
        text = self.format.render(document)
        if self.indent and self.format.pretty is not None:
            return self.format.pretty(text, self.indent)
        return text


DEFAULT = Variant(HAL, HAL.media_types[0])


class _Range(NamedTuple):
    """A media range of an Accept header; `indent` is a wish of the client."""

    type: str
    subtype: str
    quality: float
    indent: int

    def specificity(self, media_type: str) -> int:
        """How closely it fits: 3 exactly, 2 by type, 1 by anything, 0 not at all."""
        kind, _, subtype = media_type.partition("/")
        if self.type == "*":
            return 1
        if self.type != kind:
            return 0
        if self.subtype == "*":
            return 2
        return 3 if self.subtype == subtype else 0


@lru_cache(maxsize=1024)
def negotiate(accept: str | None, formats: tuple[Format, ...] = FORMATS) -> Variant:
    """The one of the formats that the header likes best; ours, where it likes several.

    Raises:
        NotAcceptable: it excludes everything; names what there is.
    """
    ranges = _ranges(accept) if accept else []
    default = Variant(formats[0], formats[0].media_types[0])
    if not ranges:
        return DEFAULT if default == DEFAULT else default
    best, best_quality = default, 0.0
    by_media_type = {name: each for each in formats for name in each.media_types}
    for media_type, format_ in by_media_type.items():
        fitting = [each for each in ranges if each.specificity(media_type)]
        if not fitting:
            continue
        range_ = max(fitting, key=lambda each: each.specificity(media_type))
        if range_.quality > best_quality:
            best_quality = range_.quality
            best = Variant(format_, media_type, range_.indent)
    if best_quality == 0.0:
        raise NotAcceptable(
            f"Nothing here fits Accept: {accept}.", available=tuple(by_media_type)
        )
    return best


@lru_cache(maxsize=64)
def variant_of_suffix(suffix: str, formats: tuple[Format, ...] = FORMATS) -> Variant:
    """The one of the formats that a path's suffix asks for.

    Raises:
        NotAcceptable: there is none of that format.
    """
    for each in formats:
        if each.suffix == suffix:
            return Variant(each, each.media_types[0])
    raise NotAcceptable(
        f"Nothing here ends in {suffix}.",
        available=[each.media_types[0] for each in formats],
    )


def split_suffix(path: str) -> tuple[str, str]:
    """The path without its format suffix, and the suffix; the root has none.

    A path of ours that ends so by itself, such as `/openapi.json`, has none either.
    """
    if path in FIXED_PATHS:
        return path, ""
    dot = path.rfind(".")
    if dot > 0 and path[dot:] in SUFFIXES and path[dot - 1] != "/":
        return path[:dot], path[dot:]
    return path, ""


def _ranges(accept: str) -> list[_Range]:
    return [found for element in elements(accept) if (found := _range(element))]


def _range(element: str) -> _Range | None:
    name, given = parameters(element)
    kind, _, subtype = name.lower().partition("/")
    if not (is_token(kind) and is_token(subtype)) or (kind == "*" != subtype):
        return None
    quality = _quality(given.get("q", "1"))
    if quality is None:
        return None
    return _Range(kind, subtype, quality, _indent(given.get("indent", "0")))


def _quality(text: str) -> float | None:
    try:
        quality = float(text)
    except ValueError:
        return None
    return quality if 0 <= quality <= 1 else None


def _indent(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        return 0
    return min(int(text[:3]), _LARGEST_INDENT)
