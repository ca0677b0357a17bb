"""The Prefer header (RFC 7240): what a client would like, if it can be had."""

from dataclasses import dataclass
from functools import lru_cache

from api.protocol.headers import elements, parameters, unquoted
from api.storage.query import Counting


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences that this service knows; others are ignored, as the RFC says."""

    is_minimal: bool = False
    is_lenient: bool = False
    counting: Counting = Counting.BOUNDED


NONE_GIVEN = Preferences()


@lru_cache(maxsize=256)
def read_preferences(header: str) -> Preferences:
    """The preferences of a header; of one that is given twice the first counts."""
    given: dict[str, str] = {}
    for element in elements(header):
        preference, _ = parameters(element)
        name, _, value = preference.partition("=")
        given.setdefault(name.strip().lower(), unquoted(value.strip()).lower())
    countings = {"exact": Counting.EXACT, "none": Counting.NONE}
    return Preferences(
        is_minimal=given.get("return") == "minimal",
        is_lenient=given.get("handling") == "lenient",
        counting=countings.get(given.get("count", ""), Counting.BOUNDED),
    )
