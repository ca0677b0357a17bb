"""Strict JSON (RFC 8259): what could be read in two ways is refused.

Duplicate members, NaN, numbers that a double can't keep, lone surrogates and control
characters are faults, and so is nesting deeper than 32.
"""

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from api.errors import MalformedBody
from api.hypermedia.document import JsonValue
from schemas.base import CONTROL_CHARACTER, is_carried

DEEPEST = 32
_LONGEST_NUMBER = 1000


def parse_json(text: bytes) -> JsonValue:
    """The value of a JSON text in UTF-8.

    Raises:
        MalformedBody: it is no JSON, or breaks one of the rules above.
    """
    try:
        value: JsonValue = _DECODER.decode(text.decode())
    except UnicodeDecodeError as ex:
        raise MalformedBody(f"The body is not UTF-8 at octet {ex.start}.") from ex
    except json.JSONDecodeError as ex:
        raise MalformedBody(
            f"The body is no JSON: {ex.msg} at line {ex.lineno}, column {ex.colno}."
        ) from ex
    except RecursionError as ex:
        raise too_deep() from ex
    require_kept(value)
    return value


def require_kept(value: JsonValue) -> None:
    """Make sure that every part of the value can be kept and written in any format.

    Raises:
        MalformedBody: it is nested too deep, or holds a character that can't be.
    """
    level: list[JsonValue] = [value]
    for _ in range(DEEPEST):
        following = [part for each in level for part in _parts(each)]
        if not following:
            return
        level = following
    if any(isinstance(each, dict | list) for each in level):
        raise too_deep()
    for each in level:
        _parts(each)


def _parts(value: JsonValue) -> Sequence[JsonValue]:
    """What stands directly in the value; text that can't be kept is refused."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list):
        return value
    if isinstance(value, str) and not is_carried(value):
        raise MalformedBody(str(CONTROL_CHARACTER))
    return ()


def too_deep() -> MalformedBody:
    """The error of a value that is nested deeper than is taken."""
    return MalformedBody(f"The body may be nested {DEEPEST} levels deep, no deeper.")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise MalformedBody(f"The member {twice!r} stands twice in one object.")
    return members


def _constant(name: str) -> NoReturn:
    raise MalformedBody(f"{name} is no number of JSON.")


def _float(text: str) -> float:
    try:
        number = float(text)
        if len(text) <= _LONGEST_NUMBER and Decimal(repr(number)) == Decimal(text):
            return number
    except InvalidOperation:
        # The exponent has more digits than Decimal takes.
        pass
    raise MalformedBody(f"The number {text[:40]} can't be kept exactly.")


def _int(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise MalformedBody(f"The number {text[:40]}… has too many digits.")
    return int(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_constant=_constant,
    parse_float=_float,
    parse_int=_int,
)
