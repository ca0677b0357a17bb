"""JSON Schema (draft 2020-12) of single values, made from the fields that check them.

What several schemas share is a definition of its own; `ref` refers to one by name.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from marshmallow import fields

from api.documents import KINDS
from api.hypermedia.document import UNCARRIED
from schemas.base import Flag, Free, Rating, Texts, Timestamp, Whole
from schemas.formatted import Choice, Patterned
from schemas.limits import limits_of

JsonSchema: TypeAlias = dict[str, Any]

DEFINITIONS = "#/$defs/"
FREE = "free"

# JSON holds no lone surrogates (RFC 8259, section 8.2), which many engines refuse.
_REFUSED = "".join(
    each if each == "-" else f"\\u{ord(each):04x}"
    for each in re.sub(r"\ud800-\udfff", "", UNCARRIED.pattern[1:-1])
)
CARRIED = f"^[^{_REFUSED}]*$"
"""The pattern of the texts that every format can carry, in ECMAScript's terms."""

_PLAIN: Mapping[type, JsonSchema] = {
    Flag: {"type": "boolean"},
    Rating: {"type": "number"},
    Timestamp: {"type": "string", "format": "date-time", "pattern": "Z$"},
}


def ref(name: str) -> JsonSchema:
    """A reference to the definition of the name."""
    return {"$ref": f"{DEFINITIONS}{name}"}


def one_of_many(values: JsonSchema) -> JsonSchema:
    """A list of such values."""
    return {"type": "array", "items": values}


def nullable(schema: JsonSchema) -> JsonSchema:
    """The same, or null."""
    if "type" not in schema or "enum" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def sentence(what: object) -> str:
    """The first paragraph of the docstring of a class or function, in one line."""
    text = (what.__doc__ or "").strip().split("\n\n")[0]
    return " ".join(text.split())


def value_definitions() -> dict[str, JsonSchema]:
    """The schemas of values that are told by the class of their field, by its name."""
    found: dict[str, JsonSchema] = {}
    for kind in KINDS:
        for bound in kind.schema.fields.values():
            name = _definition_of(bound)
            if isinstance(bound, Free):
                found[FREE] = _free(bound)
            elif name is not None:
                told = {"description": sentence(type(bound))}
                found[name] = told | _text(bound)
    return dict(sorted(found.items()))


def value_schema(bound: fields.Field[Any]) -> JsonSchema:
    """What the field allows, but for null."""
    name = _definition_of(bound)
    if name is not None:
        return ref(name)
    limits = limits_of(bound)
    match bound:
        case Whole():
            return _told(type="integer", minimum=limits.low, maximum=limits.high)
        case Texts():
            values = one_of_many(value_schema(bound.inner))
            return values | _told(maxItems=limits.most, uniqueItems=True)
    plain = _PLAIN.get(type(bound))
    return _text(bound) if plain is None else dict(plain)


def _definition_of(bound: fields.Field[Any]) -> str | None:
    """The name of the field's definition, if its class alone says what it allows."""
    if isinstance(bound, Free):
        return FREE
    is_special = isinstance(bound, Choice) and type(bound) is not Choice
    if is_special or isinstance(bound, Patterned):
        return type(bound).__name__.lower()
    return None


def _free(bound: Free) -> JsonSchema:
    text = {"type": "string", "pattern": CARRIED}
    inside = ref(FREE)
    return {
        "description": f"Any JSON value of up to {bound.octets:,} octets in UTF-8.",
        "anyOf": [
            {"type": ["null", "boolean", "number"]},
            text,
            one_of_many(inside),
            {"type": "object", "propertyNames": text, "additionalProperties": inside},
        ],
    }


def _text(bound: fields.Field[Any]) -> JsonSchema:
    limits = limits_of(bound)
    if limits.choices:
        return {"type": "string", "enum": list(map(str, limits.choices))}
    return _told(
        type="string",
        format=bound.format if isinstance(bound, Patterned) else None,
        minLength=limits.shortest,
        maxLength=limits.longest,
        pattern=f"^(?:{limits.pattern})$" if limits.pattern else CARRIED,
        examples=[limits.example] if limits.example else None,
    )


def _told(**keywords: Any) -> JsonSchema:
    """The keywords that say something."""
    return {name: value for name, value in keywords.items() if value is not None}
