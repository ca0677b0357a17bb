"""What requests carry: bodies by their media types, in the schemas of their nouns."""

from collections.abc import Iterable, Mapping
from typing import Any

from api.descriptions.endpoint import Endpoint
from api.descriptions.json_schema import FREE, JsonSchema, ref
from api.descriptions.nouns import INPUT, NEW, PATCH
from api.descriptions.parts import JSON_PATCH as OPERATIONS
from api.documents.kind import Kind
from api.formats import XML
from api.hypermedia.document import Document
from api.protocol.bodies import DOCUMENTS, FORM, JSON_PATCH, PATCHES

FORM_ENDING = "form"
_DEFINITION = "$ref"
_XML: JsonSchema = {"type": "string", "contentMediaType": "application/xml"}


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


def form_schemas(
    defined: Mapping[str, JsonSchema], names: Iterable[str]
) -> dict[str, Any]:
    """The schemas of the bodies of the names as forms, which know no null."""
    return {f"{name}-{FORM_ENDING}": _as_form(defined[name]) for name in names}


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
    content: dict[str, Any] = {}
    for media_type in PATCHES if method == "PATCH" else DOCUMENTS:
        told: dict[str, Any] = {"schema": ref(name), "examples": examples}
        if media_type == JSON_PATCH:
            told = {"schema": ref(OPERATIONS), "example": _operations(example)}
        elif media_type == FORM:
            told = {"schema": ref(f"{name}-{FORM_ENDING}")}
        elif media_type in XML.media_types:
            told = {"schema": _XML, "example": _as_xml(kind, example)}
        content[media_type] = told
    return {"description": schema["title"], "required": True, "content": content}


def _operations(example: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"op": "replace", "path": f"/{name}", "value": value}
        for name, value in example.items()
    ]


def _as_xml(kind: Kind, example: Mapping[str, Any]) -> str:
    shape = kind.shape.only(frozenset(example))
    return XML.render(Document(example, shape, {})).decode()


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


def _without_null(schema: JsonSchema) -> JsonSchema:
    told = {name: each for name, each in schema.items() if name != "default"}
    if ref(FREE).items() <= told.items():
        return {"type": "string", "title": told["title"]}
    if "anyOf" in told:
        value, _ = told.pop("anyOf")
        told |= value
    elif isinstance(told.get("type"), list):
        told["type"] = told["type"][0]
    return told
