"""What documents of a noun show, and what a client may send, as JSON Schema."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from marshmallow import fields, missing

from api.descriptions.json_schema import (
    JsonSchema,
    nullable,
    one_of_many,
    ref,
    sentence,
    value_schema,
)
from api.documents import children_of, embeddable_in
from api.documents.building import EXCERPT, PAGE
from api.documents.forms import prompt_of
from api.documents.kind import Kind
from api.hypermedia import relations
from schemas.base import Free, Timestamp, shown_fields

INPUT, NEW, PATCH = "input", "new", "patch"
"""What names the schemas of what a client sends: to replace, to make, to change."""

_LINKS, _EMBEDDED, _TEMPLATES = "_links", "_embedded", "_templates"
_COUNT: JsonSchema = {"type": "integer", "minimum": 0}


def noun_definitions(kind: Kind) -> Iterator[tuple[str, JsonSchema]]:
    """The schemas of the noun's documents and bodies, each with its name."""
    shown = _shown(kind)
    yield kind.slug, shown
    kept = [_LINKS] if kind.is_single else [_LINKS, kind.model.key]
    part = {"title": f"Some members of {a(kind.label)}", "required": kept}
    yield f"{kind.slug}-{EXCERPT}", shown | part
    if not kind.is_single:
        yield f"{kind.slug}-{PAGE}", _page(kind)
    fixed = frozenset(() if kind.model.numbered else (kind.model.key,))
    if fixed and not kind.is_single:
        yield f"{kind.slug}-{NEW}", _taken(kind, f"A new {kind.label}", frozenset())
    yield f"{kind.slug}-{INPUT}", _taken(kind, f"What {a(kind.label)} is to be", fixed)
    if "PATCH" in kind.changes:
        title = f"Changes of {a(kind.label)}, as a merge patch (RFC 7396)"
        yield f"{kind.slug}-{PATCH}", _body(kind, title, fixed, _changed_member)


def links(required: Iterable[str]) -> JsonSchema:
    """Links, of which some must be there; those of our own tell what they mean."""
    told = {rel: _meaning(rel) for rel in required}
    return {**ref("links"), "properties": told, "required": list(told)}


def a(label: str) -> str:
    """The label with its article."""
    return f"{'an' if label[0] in 'aeio' else 'a'} {label}"


def _meaning(rel: str) -> JsonSchema:
    prefix, _, slug = rel.rpartition(":")
    return {"description": relations.EXTENSIONS[slug].meaning} if prefix else {}


def _shown(kind: Kind) -> JsonSchema:
    """A document of the noun, whole."""
    members = {
        name: _shown_member(kind, name, bound)
        for name, bound in shown_fields(kind.schema).items()
    }
    properties: JsonSchema = {_LINKS: links(_always(kind))}
    inside = _inside(kind)
    if inside:
        properties[_EMBEDDED] = _object(inside)
    properties[_TEMPLATES] = ref("templates")
    return {
        "title": kind.label.capitalize(),
        "description": sentence(kind.schema_class),
        **_object(properties | members, [_LINKS, *members]),
    }


def _object(properties: JsonSchema, required: Collection[str] = ()) -> JsonSchema:
    told = {"type": "object", "properties": properties, "additionalProperties": False}
    return told | ({"required": list(required)} if required else {})


def _shown_member(kind: Kind, name: str, bound: fields.Field[Any]) -> JsonSchema:
    schema = value_schema(bound)
    # What has defaults can be read before it was ever written.
    is_unwritten = kind.model.defaults is not None and isinstance(bound, Timestamp)
    if kind.model.column(name).nullable or is_unwritten:
        schema = nullable(schema)
    schema = _titled(kind, name) | schema
    return schema | {"readOnly": True} if bound.dump_only else schema


def _titled(kind: Kind, name: str) -> JsonSchema:
    """What people call a member, and what it refers to."""
    told = {"title": prompt_of(name)}
    target = kind.model.references.get(name)
    if target is not None:
        told["description"] = f"The {target.key} of one of the {target.name}."
    return told


def _always(kind: Kind) -> Iterator[str]:
    """The relations of the links that every document of the noun has."""
    yield relations.SELF
    if not kind.is_single:
        yield relations.COLLECTION
    if kind.is_single or not kind.stands_alone:
        yield relations.UP
    nested = [each.relation for each in children_of(kind) if not each.is_offered]
    if children_of(kind):
        yield relations.CURIES
    yield from nested
    yield relations.ALTERNATE
    yield relations.DESCRIBEDBY


def _inside(kind: Kind) -> JsonSchema:
    """What can stand inside of a document of the noun, by its relation."""
    inside = {each.relation: ref(f"{each.slug}-{PAGE}") for each in embeddable_in(kind)}
    for each in children_of(kind):
        if each.is_part:
            inside[relations.ITEM] = one_of_many(ref(each.slug))
    return inside


def _page(kind: Kind) -> JsonSchema:
    """A page of the noun's collection, also where it stands in its parent."""
    members = {"anyOf": [ref(kind.slug), ref(f"{kind.slug}-{EXCERPT}")]}
    inside = {relations.ITEM: one_of_many(members)}
    properties = {
        _LINKS: links([relations.SELF, relations.DESCRIBEDBY]),
        _EMBEDDED: _object(inside, inside),
        _TEMPLATES: ref("templates"),
        "total": {"description": "How many there are in all.", **_COUNT},
        "total_kind": {
            "description": "Whether they were counted to the end.",
            "type": "string",
            "enum": ["exact", "at_least"],
        },
        "count": {"description": "How many are on this page.", **_COUNT},
    }
    return {
        "title": f"A page of {kind.label_of_many}",
        "description": "Some of a collection, with links to the pages around it.",
        **_object(properties, [_LINKS, _EMBEDDED, "count"]),
        "dependentRequired": {"total": ["total_kind"], "total_kind": ["total"]},
    }


def _taken(kind: Kind, title: str, fixed: frozenset[str]) -> JsonSchema:
    """A whole body; what is fixed or the server's may be sent back as it was got."""
    required = [
        name
        for name, bound in kind.schema.load_fields.items()
        if bound.required and name not in fixed
    ]
    told = {"required": required} if required else {}
    return _body(kind, title, fixed, _taken_member) | told


def _body(
    kind: Kind,
    title: str,
    fixed: frozenset[str],
    told: Callable[[fields.Field[Any]], JsonSchema],
) -> JsonSchema:
    load = kind.schema.load_fields
    properties: JsonSchema = dict.fromkeys(
        (_LINKS, _EMBEDDED, _TEMPLATES), ref("ignored")
    )
    for name, bound in shown_fields(kind.schema).items():
        if name in load and name not in fixed:
            properties[name] = _titled(kind, name) | told(bound)
        else:
            properties[name] = _shown_member(kind, name, bound) | {"readOnly": True}
    return {
        "title": title,
        "description": sentence(kind.schema_class),
        **_object(properties),
    }


def _taken_member(bound: fields.Field[Any]) -> JsonSchema:
    schema = value_schema(bound)
    if bound.allow_none and not isinstance(bound, Free):
        schema = nullable(schema)
    default = bound.load_default
    if default is missing:
        return schema
    return schema | {"default": default() if callable(default) else default}


def _changed_member(bound: fields.Field[Any]) -> JsonSchema:
    """Null removes a member, so it gets its default; what is required has none."""
    schema = value_schema(bound)
    if isinstance(bound, Free):
        return schema | {"not": {"type": "null"}}
    return schema if bound.required else nullable(schema)
