"""Every JSON Schema of the service by its name, each to be served whole.

A schema that is served holds the definitions that it refers to, so that nothing else
has to be got to use it. The OpenAPI description holds each of them once.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from api.descriptions.examples import Examples
from api.descriptions.json_schema import DEFINITIONS, JsonSchema, value_definitions
from api.descriptions.nouns import links, noun_definitions
from api.descriptions.parts import hypermedia_definitions, other_definitions
from api.descriptions.service import root_document
from api.documents import KINDS
from api.documents.building import ROOT, Builder
from api.errors import NotFound
from api.hypermedia import relations
from api.hypermedia.document import NOTHING, Document, Link
from api.roles import Rights, Role

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_document(builder: Builder, schema: str) -> Document:
    """The schema of the name, whole.

    Raises:
        NotFound: there is no such schema.
    """
    if schema not in schema_names():
        raise NotFound(f"There is no schema {schema!r}.")
    defined = definitions(builder)
    href = builder.uris.href("schema", schema)
    state = {"$schema": DIALECT, "$id": href, **defined[schema]}
    inside = {each: defined[each] for each in _needed(defined, schema)}
    if inside:
        state["$defs"] = inside
    root = Link(builder.uris.href("root"))
    return Document(state, NOTHING, {relations.SELF: Link(href), relations.UP: root})


@lru_cache(maxsize=1)
def schema_names() -> tuple[str, ...]:
    """The names of the schemas that have a URI, sorted."""
    nouns = [name for kind in KINDS for name, _ in noun_definitions(kind)]
    return tuple(sorted([*nouns, *other_definitions()]))


@lru_cache(maxsize=64)
def definitions(builder: Builder) -> Mapping[str, JsonSchema]:
    """Every definition by its name; hrefs in examples stand below the mount prefix."""
    found = value_definitions() | hypermedia_definitions() | other_definitions()
    found[ROOT]["properties"]["_links"] = _root_links(builder)
    examples = Examples(builder)
    for kind in KINDS:
        for name, schema in noun_definitions(kind):
            example = examples.of(kind, name)
            found[name] = (
                schema if example is None else schema | {"examples": [example]}
            )
    return found


def _root_links(builder: Builder) -> JsonSchema:
    """The links of the root, of which some are for some callers only."""
    told = links(root_document(builder).links)
    always = root_document(builder.with_rights(Rights(Role.VISITOR))).links
    return {**told, "required": [rel for rel in told["required"] if rel in always]}


def moved(value: Any, place: str) -> Any:
    """A copy of a schema whose references lead to definitions at another place."""
    if isinstance(value, dict):
        return {
            name: each.replace(DEFINITIONS, place)
            if name == "$ref" and isinstance(each, str)
            else moved(each, place)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [moved(each, place) for each in value]
    return value


def _needed(defined: Mapping[str, JsonSchema], name: str) -> list[str]:
    """The names of the definitions that a schema refers to, and those again, sorted."""
    needed: set[str] = set()
    waiting = [name]
    while waiting:
        new = set(_references(defined[waiting.pop()])) - needed
        needed |= new
        waiting += new
    return sorted(needed)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str):
            yield target.removeprefix(DEFINITIONS)
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
