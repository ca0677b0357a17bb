"""The JSON Schemas of what all documents are made of, and of those of no noun."""

from collections.abc import Mapping

import msgspec

from api.descriptions.json_schema import (
    CARRIED,
    FREE,
    JsonSchema,
    one_of_many,
    ref,
    sentence,
)
from api.descriptions.pages import PROBLEM_TYPE, RELATION
from api.documents.building import ROOT
from api.errors import Fault, Shortage
from api.formats.hal_forms import FORM
from api.hypermedia import relations
from api.hypermedia.document import Link, Member, Shape
from api.models.order_life import Status, Step
from api.protocol.patches import MOST_OPERATIONS

PROBLEM, JSON_PATCH, LINK, LINKS = "problem", "json-patch", "link", "links"
IGNORED, TEMPLATES = "ignored", "templates"
_TEXT: JsonSchema = {"type": "string"}
_HREF: JsonSchema = {"type": "string", "format": "uri-reference"}
_WHOLE: JsonSchema = {"type": "integer"}
_TRUTH: JsonSchema = {"type": "boolean"}
_POINTER: JsonSchema = {"type": "string", "format": "json-pointer"}
_PLACE: JsonSchema = {**_POINTER, "pattern": CARRIED}
_MEMBERS: Mapping[Member, JsonSchema] = {
    Member.TEXT: _TEXT,
    Member.NUMBER: _WHOLE,
    Member.TEXTS: one_of_many(_TEXT),
}


def hypermedia_definitions() -> dict[str, JsonSchema]:
    """Links, and the templates of HAL-FORMS; what is ignored where it is sent."""
    several = one_of_many(ref(LINK))
    return {
        IGNORED: {
            "description": "Ignored, so that what was got can be sent back.",
            "readOnly": True,
        },
        # The href may be a template, which no format of JSON Schema fits with URIs.
        LINK: _like(Link),
        LINKS: {
            "description": "Links by their relations (RFC 8288), as HAL has them.",
            "type": "object",
            "properties": dict.fromkeys(sorted(relations.LISTS), several),
            "additionalProperties": ref(LINK),
        },
        TEMPLATES: {
            "description": "What can be sent from here; only HAL-FORMS shows it.",
            "type": "object",
            "additionalProperties": ref("template"),
            "minProperties": 1,
        },
        "template": _closed(
            title=_TEXT,
            method={"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
            target=_HREF,
            contentType={"const": FORM},
            properties=one_of_many(ref("property")),
        ),
        "property": _property(),
        "options": _options(),
    }


def other_definitions() -> dict[str, JsonSchema]:
    """The schemas of documents that belong to no noun, of problems and patches."""
    return {
        ROOT: {
            "title": "The root",
            "description": "Where every walk begins.",
            **_closed("_templates", _links=ref(LINKS), _templates=ref(TEMPLATES)),
        },
        "relation": {
            "title": "A relation",
            "description": "What a link relation of ours means.",
            **_described(RELATION),
        },
        "problem-type": {
            "title": "A problem type",
            "description": "What a problem means, and what can be done about it.",
            **_described(PROBLEM_TYPE),
        },
        PROBLEM: _problem(),
        JSON_PATCH: _json_patch(),
    }


def _closed(*optional: str, **properties: JsonSchema) -> JsonSchema:
    """An object with just these members, all of them there but the optional ones."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _like(value_class: type, **particular: JsonSchema) -> JsonSchema:
    """An object as values of the class are written, without what is not there."""
    told = msgspec.json.schema(value_class)["$defs"][value_class.__name__]
    members = {
        name: {"type": each.get("type") or each["anyOf"][0]["type"]}
        for name, each in told["properties"].items()
    }
    closed = _closed(**{**members, **particular})
    return {
        "description": sentence(value_class),
        **closed,
        "required": told["required"],
    }


def _described(shape: Shape) -> JsonSchema:
    members = {name: _MEMBERS[kind] for name, kind in shape.members.items()}
    return _closed(_links=ref(LINKS), **members)


def _property() -> JsonSchema:
    """A property of a HAL-FORMS template; what has no value is left out."""
    texts = dict.fromkeys(("regex", "placeholder", "value"), _TEXT)
    numbers = dict.fromkeys(("min", "max", "step", "minLength", "maxLength"), _WHOLE)
    told = {
        "name": _TEXT,
        "prompt": _TEXT,
        "type": _TEXT,
        "required": _TRUTH,
        "readOnly": _TRUTH,
    }
    optional = {**texts, **numbers, "options": ref("options")}
    return _closed(*optional, **told, **optional)


def _options() -> JsonSchema:
    option = {"anyOf": [_TEXT, _closed(prompt=_TEXT, value=_TEXT)]}
    bounds = {"minItems": _WHOLE, "maxItems": _WHOLE}
    fields = {"promptField": _TEXT, "valueField": _TEXT}
    inline = _closed(inline=one_of_many(option), **bounds)
    return {"anyOf": [inline, _closed(link=ref(LINK), **fields, **bounds)]}


def _problem() -> JsonSchema:
    told: JsonSchema = {
        "type": _HREF,
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "instance": {"type": "string", "pattern": "^urn:uuid:[0-9a-f-]{36}$"},
    }
    particular: JsonSchema = {
        "errors": one_of_many(_like(Fault, pointer=_POINTER)),
        "available": one_of_many(_TEXT),
        "order_status": {"enum": list(map(str, Status))},
        "allowed": one_of_many({"enum": list(map(str, Step))}),
        "short": one_of_many(_like(Shortage)),
        "_links": ref(LINKS),
    }
    return {
        "title": "A problem",
        "description": "What went wrong (RFC 9457), with links to ways out.",
        **_closed(*particular, **told, **particular),
    }


def _json_patch() -> JsonSchema:
    def operation(*names: str, **members: JsonSchema) -> JsonSchema:
        told = _closed(op={"enum": list(names)}, path=_PLACE, **members)
        # Other members are ignored (RFC 6902, section 4).
        names_of_all = {"propertyNames": {"pattern": CARRIED}}
        return told | {"additionalProperties": ref(FREE)} | names_of_all

    operations = [
        operation("add", "replace", "test", value=ref(FREE)),
        operation("remove"),
        operation("move", "copy", **{"from": _PLACE}),
    ]
    return {
        "title": "A JSON Patch",
        "description": "Operations one after the other (RFC 6902), all or none.",
        **one_of_many({"anyOf": operations}),
        "maxItems": MOST_OPERATIONS,
    }
