"""What a field allows, read from its own declaration: for forms and descriptions.

Patterns are valid in ECMAScript too, also under its `v` flag, which HTML uses.
"""

from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from schemas.base import Texts, Whole
from schemas.formatted import Choice, Email, Patterned


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a number, or of a text's length, a text's pattern, what to choose from.

    Both ends of bounds are included; None is no bound. `pattern` describes the whole
    text; `example` is one that it allows. `most` bounds a list, of whose entries all
    else is said.
    """

    low: int | None = None
    high: int | None = None
    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None
    example: str | None = None
    choices: tuple[str, ...] = ()
    most: int | None = None
    is_email: bool = False


def limits_of(field: fields.Field[Any]) -> Limits:
    """What the field's class and validators allow."""
    most = None
    if isinstance(field, Texts):
        most = _length(field)[1]
        field = field.inner
    low, high = _range(field)
    shortest, longest = _length(field)
    form = field if isinstance(field, Patterned) else None
    return Limits(
        low,
        high,
        shortest or None,
        longest,
        form.pattern if form else None,
        form.example if form else None,
        tuple(field.choices) if isinstance(field, Choice) else (),
        most,
        isinstance(field, Email),
    )


def _range(field: fields.Field[Any]) -> tuple[int | None, int | None]:
    for rule in field.validators:
        if isinstance(rule, validate.Range) and isinstance(field, Whole):
            return rule.min, rule.max
    return None, None


def _length(field: fields.Field[Any]) -> tuple[int | None, int | None]:
    for rule in field.validators:
        if isinstance(rule, validate.Length):
            return rule.min, rule.max
    return None, None
