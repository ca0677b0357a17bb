"""The parameters of requests: keys in paths, queries, and header fields.

Each is a component of the OpenAPI description; operations refer to them by name.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any

from api.descriptions.definitions import schema_names
from api.descriptions.endpoint import READING, Endpoint
from api.descriptions.json_schema import (
    CARRIED,
    JsonSchema,
    one_of_many,
    ref,
    value_schema,
)
from api.documents import KINDS
from api.documents.kind import Kind
from api.errors import problem_types
from api.hypermedia.document import Member
from api.hypermedia.relations import EXTENSIONS
from api.protocol.idempotency import HEADER, LONGEST_KEY
from api.protocol.queries import EXACT, OPERATORS, Vocabulary
from api.storage.query import DEFAULT_LIMIT, LARGEST_LIMIT, Operator
from schemas.base import LARGEST_INTEGER
from schemas.formatted import Money

Parameter = dict[str, Any]

_KINDS = {kind.name: kind for kind in KINDS}
_TEXT: JsonSchema = {"type": "string", "pattern": CARRIED}
_NUMBER = {"minimum": -LARGEST_INTEGER, "maximum": LARGEST_INTEGER}
_OPERANDS: Mapping[Member, JsonSchema] = {
    Member.TEXT: _TEXT,
    Member.TEXTS: _TEXT,
    Member.NUMBER: {"type": "number", **_NUMBER},
    Member.BOOLEAN: {"type": "boolean"},
    Member.MONEY: {"type": "string", "pattern": f"^(?:{Money.pattern})$"},
    Member.TIME: {
        "type": "string",
        "anyOf": [{"format": "date-time"}, {"format": "date"}],
    },
}
_SAYING = {
    Operator.EQ: "is the value",
    Operator.NE: "is not the value",
    Operator.GT: "is greater than the value",
    Operator.GTE: "is the value or greater",
    Operator.LT: "is less than the value",
    Operator.LTE: "is the value or less",
    Operator.IN: "is one of the values",
    Operator.CONTAINS: "contains the value, whatever its case and accents",
}
_TAG = r'(?:W/)?"[!#-~]*"'
_TAGS = rf"^\s*(?:\*\s*|(?:,\s*)*(?:{_TAG}\s*(?:,\s*)+)*(?:{_TAG}\s*)?)$"
_DATE = {"type": "string", "examples": ["Fri, 31 Dec 2100 23:59:59 GMT"]}
# An example that stands beside the schema would be sent by swagger-ui unasked.
_HEADERS: Mapping[str, Parameter] = {
    "If-Match": {
        "description": "Go on only if one of these tags is the present version's.",
        "schema": {"type": "string", "pattern": _TAGS, "examples": ["*"]},
    },
    "If-None-Match": {
        "description": "Go on only if none of these tags is the present version's.",
        "schema": {"type": "string", "pattern": _TAGS, "examples": ['"7-json"']},
    },
    "If-Modified-Since": {
        "description": "Go on only if it was changed later.",
        "schema": _DATE,
    },
    "If-Unmodified-Since": {
        "description": "Go on only if it was not changed later.",
        "schema": _DATE,
    },
    "Prefer": {
        "description": (
            "`handling=lenient` ignores unknown parameters; `return=minimal` asks "
            "a write for no document; `count=exact` counts a filtered collection to "
            "its end, `count=none` not at all (RFC 7240)."
        ),
        "schema": {"type": "string", "examples": ["count=none"]},
    },
    HEADER: {
        "description": "Sent again with the same key and body, a request is done once.",
        "schema": {
            "type": "string",
            "pattern": "^[!-~](?:[ -~]*[!-~])?$",
            "maxLength": LONGEST_KEY,
        },
    },
}
_CONDITIONS = ("If-Match", "If-Unmodified-Since")
_FRESHNESS = ("If-None-Match", "If-Modified-Since")


def parameters_of(endpoint: Endpoint, method: str) -> list[str]:
    """The names of the parameters of a method there, as components.

    Those of the path are repeated with each method, where all tools find them.
    """
    if method == "OPTIONS":
        return [f"any-{key}" for key in endpoint.keys]
    keys = [f"key-{key}" for key in endpoint.keys]
    if method in READING:
        return [*keys, *_query_names(endpoint), "Prefer", *_FRESHNESS, *_CONDITIONS]
    return [*keys, "Prefer", HEADER, *_CONDITIONS, "If-None-Match"]


@lru_cache(maxsize=1)
def all_parameters() -> Mapping[str, Parameter]:
    """Every parameter by its name as a component."""
    found = dict(_key_components())
    found |= {
        name.replace("key-", "any-"): {
            **told,
            "schema": {"type": "string"},
            "example": str(told["example"]),
        }
        for name, told in found.items()
    }
    for name, told in _HEADERS.items():
        found[name] = {"name": name, "in": "header", **told}
    found["limit"] = _in_query(
        "limit",
        "How many members a page has at most.",
        {
            "type": "integer",
            "minimum": 1,
            "maximum": LARGEST_LIMIT,
            "default": DEFAULT_LIMIT,
        },
    )
    found["cursor"] = _in_query(
        "cursor",
        "Where the page begins; only links of the service tell it.",
        {"type": "string", "format": "cursor", "pattern": "^[A-Za-z0-9_-]+$"},
    )
    found["q"] = _in_query("q", "Words that must all be there.", _TEXT)
    return found


def _key_components() -> Iterator[tuple[str, Parameter]]:
    chosen: Mapping[str, tuple[str, ...]] = {
        "rel": tuple(EXTENSIONS),
        "slug": tuple(problem_types()),
        "schema": schema_names(),
    }
    for name, values in chosen.items():
        among = {"type": "string", "enum": list(values)}
        yield f"key-{name}", _in_path(name, "Which one.", among, values[0])
    for name, kind in _KINDS.items():
        numbered = kind.model.numbered
        whole = {"type": "integer", "minimum": 1, "maximum": LARGEST_INTEGER}
        schema: JsonSchema = whole if numbered else ref("key")
        saying = f"The {kind.model.key} of the {kind.label}."
        example = 1 if numbered else kind.schema_class.example.get(kind.model.key)
        if not kind.is_single:
            yield f"key-{name}", _in_path(name, saying, schema, example)


def query_components(
    kind: Kind, vocabulary: Vocabulary
) -> Iterator[tuple[str, Parameter]]:
    """The parameters of a noun's queries that no other noun has, as components."""
    names, embeddable = list(vocabulary.members), list(vocabulary.embeddable)
    fields = _listed("fields", "Only these members, and the key.", names)
    yield f"{kind.slug}.fields", fields
    if embeddable:
        saying = "What is to stand inside, at most 20 of each."
        yield f"{kind.slug}.embed", _listed("embed", saying, embeddable)
    if not kind.is_single:
        yield f"{kind.slug}.sort", _sort(vocabulary.sortable)
        for member, sort in vocabulary.members.items():
            for operator in OPERATORS[sort]:
                told = _filter(kind, vocabulary, member, operator)
                yield f"{kind.slug}.{told['name']}", told


def _filter(
    kind: Kind, vocabulary: Vocabulary, member: str, operator: Operator
) -> Parameter:
    """The parameter that compares a member by the operator."""
    sort = vocabulary.members[member]
    name = member if operator is Operator.EQ else f"{member}.{operator}"
    which = f"one of `{member}`" if sort is Member.TEXTS else f"`{member}`"
    saying = f"Only where {which} {_SAYING[operator]}."
    operand: JsonSchema = _OPERANDS[sort]
    if operator in EXACT and vocabulary.choices.get(member):
        operand = value_schema(kind.schema.fields[member])
    if operator is Operator.IN:
        return _several(name, saying, operand)
    return _in_query(name, saying, operand)


def _sort(members: Iterable[str]) -> Parameter:
    """What orders, with a sign where the greatest is first; no member stands twice."""
    pairs = [(name, f"-{name}") for name in members]
    found = _listed("sort", "What orders, the first one most.", [*chain(*pairs)])
    both = [
        {"allOf": [{"contains": {"const": each}} for each in pair]} for pair in pairs
    ]
    found["schema"] |= {"uniqueItems": True, "not": {"anyOf": both}}
    return found


def _query_names(endpoint: Endpoint) -> list[str]:
    kind, vocabulary = endpoint.kind, endpoint.vocabulary
    if kind is None or vocabulary is None:
        return []
    own = [name for name, _ in query_components(kind, vocabulary)]
    if endpoint.is_page:
        searched = ["q"] if kind.model.fulltext else []
        return [*searched, "limit", "cursor", *own]
    showing = (f"{kind.slug}.fields", f"{kind.slug}.embed")
    return [name for name in own if name in showing]


def _in_path(name: str, saying: str, schema: JsonSchema, example: Any) -> Parameter:
    told = {"name": name, "in": "path", "required": True, "description": saying}
    return {**told, "schema": schema, "example": example}


def _in_query(name: str, saying: str, schema: JsonSchema) -> Parameter:
    """A parameter of the query; one without a value is taken for left out."""
    told = {"name": name, "in": "query", "description": saying, "schema": schema}
    return {**told, "allowEmptyValue": True}


def _listed(name: str, saying: str, values: list[str]) -> Parameter:
    """A parameter whose values stand in one, with commas between them."""
    among = {"type": "string", "enum": values}
    return _several(name, saying, among)


def _several(name: str, saying: str, value: JsonSchema) -> Parameter:
    schema = {**one_of_many(value), "minItems": 1}
    return {**_in_query(name, saying, schema), "style": "form", "explode": False}
