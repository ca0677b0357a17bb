"""What requests carry: bodies by their media types, in the schemas of their nouns."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from api.descriptions.endpoint import Endpoint
from api.descriptions.json_schema import CARRIED, FREE, JsonSchema, ref
from api.descriptions.nouns import INPUT, NEW, PATCH
from api.descriptions.parts import JSON_PATCH as OPERATIONS
from api.documents.kind import Kind
from api.formats import XML
from api.hypermedia.document import Member
from api.protocol.bodies import DOCUMENTS, FORM, JSON_PATCH, PATCHES

FORM_ENDING, XML_ENDING = "form", "xml"
_DEFINITION = "$ref"


def body_of(endpoint: Endpoint, method: str) -> dict[str, Any] | None:
    """The reference to the body that the method takes there; None where it has none."""
    if endpoint.kind is None or method not in {"POST", "PUT", "PATCH"}:
        return None
    name = f"{endpoint.kind.slug}-{_ending(endpoint, method)}"
    return {_DEFINITION: f"#/components/requestBodies/{name}"}


def shared_bodies(
    endpoints: Iterable[Endpoint], defined: Mapping[str, JsonSchema]
) -> dict[str, Any]:
    """Every body to which operations refer, by the name of its schema."""
    found: dict[str, Any] = {}
    for endpoint in endpoints:
        kind = endpoint.kind
        for method in endpoint.methods:
            if kind is not None and body_of(endpoint, method) is not None:
                name = f"{kind.slug}-{_ending(endpoint, method)}"
                found[name] = _body(kind, name, method, defined[name])
    return found


def text_schemas(
    defined: Mapping[str, JsonSchema], bodies: Iterable[str]
) -> dict[str, JsonSchema]:
    """The schemas of the bodies where each value is a text: in forms, and in XML."""
    found: dict[str, JsonSchema] = {}
    for name in bodies:
        found[f"{name}-{FORM_ENDING}"] = form = _as_form(defined[name])
        if not name.endswith(PATCH):
            found[f"{name}-{XML_ENDING}"] = _as_xml(form)
    return found


def _ending(endpoint: Endpoint, method: str) -> str:
    kind = endpoint.kind
    if method == "PATCH":
        return PATCH
    is_keyed = kind is not None and not kind.model.numbered
    return NEW if method == "POST" and endpoint.is_page and is_keyed else INPUT


def _body(kind: Kind, name: str, method: str, schema: JsonSchema) -> dict[str, Any]:
    """The same members in each media type; a JSON Patch has none of its own."""
    example = schema["examples"][0]
    examples = {kind.slug: {"value": example}}
    texts = {kind.slug: {"value": _as_text(kind, example)}}
    content: dict[str, Any] = {}
    for media_type in PATCHES if method == "PATCH" else DOCUMENTS:
        told: dict[str, Any] = {"schema": ref(name), "examples": examples}
        if media_type == JSON_PATCH:
            told = {"schema": ref(OPERATIONS), "example": _operations(example)}
        elif media_type == FORM:
            told = {"schema": ref(f"{name}-{FORM_ENDING}"), "examples": texts}
        elif media_type in XML.media_types:
            told = {"schema": ref(f"{name}-{XML_ENDING}"), "examples": texts}
        content[media_type] = told
    return {"description": schema["title"], "required": True, "content": content}


def _operations(example: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"op": "replace", "path": f"/{name}", "value": value}
        for name, value in example.items()
    ]


def _as_text(kind: Kind, example: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a form can carry; a free value is a text there."""
    members = kind.shape.members
    return {
        name: msgspec.json.encode(value).decode()
        if members[name] is Member.FREE
        else value
        for name, value in example.items()
        if value is not None
    }


def _as_form(schema: JsonSchema) -> JsonSchema:
    """A form of the members that a client sets; each of its values is a text."""
    properties = {
        name: _without_null(each)
        for name, each in schema["properties"].items()
        if not (name.startswith("_") or each.get("readOnly"))
    }
    return {
        "title": f"{schema['title']}, as a form",
        "description": "A blank field is absent; a list has a field for each of it.",
        "type": "object",
        "properties": properties,
        "required": schema.get("required", []),
        "additionalProperties": False,
    }


def _as_xml(form: JsonSchema) -> JsonSchema:
    """The elements of a `resource`; each text of a list is an `item`."""
    members = {
        name: each
        | {"items": each["items"] | {"xml": {"name": "item"}}}
        | {"xml": {"wrapped": True}}
        if "items" in each
        else each
        for name, each in form["properties"].items()
    }
    return form | {
        "title": form["title"].replace("a form", "XML"),
        "description": 'An element with `null="true"` is null.',
        "properties": members,
        "xml": {"name": "resource"},
    }


def _without_null(schema: JsonSchema) -> JsonSchema:
    told = {name: each for name, each in schema.items() if name != "default"}
    if ref(FREE).items() <= told.items():
        return {"type": "string", "title": told["title"], "pattern": CARRIED}
    if "anyOf" in told:
        value, _ = told.pop("anyOf")
        told |= value
    elif isinstance(told.get("type"), list):
        told["type"] = told["type"][0]
    return told
