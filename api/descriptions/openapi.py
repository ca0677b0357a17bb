"""The OpenAPI 3.1 description of the whole service, made from its endpoints.

Whatever two operations share is a component, so that it is written once there too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from api import __version__
from api.descriptions.bodies import body_of, shared_bodies, text_schemas
from api.descriptions.definitions import definitions, moved
from api.descriptions.endpoint import Endpoint
from api.descriptions.faults import possible_errors
from api.descriptions.header_fields import FIELDS
from api.descriptions.json_schema import JsonSchema, sentence
from api.descriptions.nouns import a
from api.descriptions.parameters import (
    all_parameters,
    parameters_of,
    query_components,
)
from api.descriptions.problems import problem_responses
from api.descriptions.responses import responses_of, shared_responses
from api.documents.building import Builder
from api.errors import ApiError
from api.formats import Format
from api.hypermedia import relations
from api.hypermedia.document import NOTHING, Document, Link, Links

VERSION = "3.1.1"
_COMPONENTS = "#/components/"
_OTHERS = "descriptions"
_BEARER = "bearer"
_SCHEMES = {
    _BEARER: {
        "type": "http",
        "scheme": "bearer",
        "description": "A token that the operator made, or that the issuer gave out.",
    }
}
_OF_PAGES: Mapping[str, str] = {"GET": "List {many}", "POST": "Make {one}"}
_OF_MEMBERS: Mapping[str, str] = {
    "GET": "Read {one}",
    "POST": "Make {one} at its key",
    "PUT": "Replace {one}",
    "PATCH": "Change some of {one}",
    "DELETE": "Remove {one}",
}


def openapi_document(builder: Builder, endpoints: Sequence[Endpoint]) -> Document:
    """The description below the mount prefix; its `servers` names that."""
    uris = builder.uris
    state = {
        "openapi": VERSION,
        "info": _info(),
        "servers": [{"url": uris.prefix or "/", "description": "This very service."}],
        "security": [{_BEARER: []}] if _is_guarded(endpoints) else [],
        "tags": _tags(endpoints),
        "paths": _paths(endpoints),
        "components": _components(builder, endpoints),
    }
    links: Links = {
        relations.SELF: Link(uris.href("openapi")),
        relations.UP: Link(uris.href("root")),
    }
    return Document(moved(state, f"{_COMPONENTS}schemas/"), NOTHING, links)


def _info() -> dict[str, Any]:
    return {
        "title": "Waymark",
        "version": __version__,
        "summary": "A bookshop's catalogue and back office as a hypermedia API.",
        "description": (
            "From the root on, links and forms lead everywhere, so a client can do "
            "without this description. `Accept` chooses a representation, or a suffix "
            "of the path does: `.json`, `.xml` and others. Methods that are not told "
            "here are answered with 405 and `Allow`."
        ),
        "contact": {"name": "Who keeps this shop"},
        "license": {"name": "MIT", "identifier": "MIT"},
    }


def _tag(endpoint: Endpoint) -> str:
    return endpoint.kind.label_of_many if endpoint.kind else _OTHERS


def _tags(endpoints: Iterable[Endpoint]) -> list[dict[str, str]]:
    told = {
        _tag(each): sentence(each.kind.schema_class)
        if each.kind
        else "What the service says about itself."
        for each in endpoints
    }
    return [{"name": name, "description": saying} for name, saying in told.items()]


def _paths(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    return {
        each.path: {method.lower(): _operation(each, method) for method in each.methods}
        for each in endpoints
    }


def _operation(endpoint: Endpoint, method: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": f"{method.lower()}_{endpoint.operation}",
        "tags": [_tag(endpoint)],
        "summary": _summary(endpoint, method),
        "description": endpoint.methods[method],
    }
    names = parameters_of(endpoint, method)
    if names:
        told["parameters"] = _parameter_refs(names)
    if endpoint.nobody is not None and endpoint.nobody.may(method, endpoint.access):
        told["security"] = [{}, {_BEARER: []}]
    body = body_of(endpoint, method)
    if body is not None:
        told["requestBody"] = body
    return told | {"responses": responses_of(endpoint, method)}


def _summary(endpoint: Endpoint, method: str) -> str:
    place = endpoint.operation.replace("_", " ")
    if method in {"HEAD", "OPTIONS"}:
        what = "Header fields" if method == "HEAD" else "Methods"
        return f"{what} of {place}"
    kind = endpoint.kind
    if kind is None:
        return f"Read {place}"
    told = (_OF_PAGES if endpoint.is_page else _OF_MEMBERS)[method]
    above = (
        " of a customer" if endpoint.is_second or place.startswith("customer ") else ""
    )
    return told.format(one=a(kind.label), many=kind.label_of_many) + above


def _parameter_refs(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"$ref": f"{_COMPONENTS}parameters/{name}"} for name in names]


def _components(builder: Builder, endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    defined = definitions(builder)
    bodies = shared_bodies(endpoints, defined)
    schemas = {**defined, **text_schemas(defined, bodies)}
    told = {
        # Examples stand beside the media types here.
        "schemas": {name: _without_examples(each) for name, each in schemas.items()},
        "parameters": _parameters(endpoints),
        "requestBodies": bodies,
        "responses": {
            **shared_responses(endpoints),
            **problem_responses(builder.uris, _met(endpoints)),
        },
        "examples": _examples(builder, endpoints),
        **({"securitySchemes": _SCHEMES} if _is_guarded(endpoints) else {}),
    }
    text = msgspec.json.encode([told["responses"], _paths(endpoints)])
    # Which of them there are depends on the settings.
    headers = {
        name: each
        for name, each in FIELDS.items()
        if f'{_COMPONENTS}headers/{name}"'.encode() in text
    }
    return {**told, "headers": headers}


def _is_guarded(endpoints: Iterable[Endpoint]) -> bool:
    """Whether it is asked who asks."""
    return any(each.nobody is not None for each in endpoints)


def _met(endpoints: Iterable[Endpoint]) -> set[type[ApiError]]:
    """The errors that some request can meet."""
    return {
        error
        for each in endpoints
        for method in each.methods
        for error in possible_errors(each, method)
    }


def _without_examples(schema: JsonSchema) -> JsonSchema:
    return {name: each for name, each in schema.items() if name != "examples"}


def _parameters(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    found = dict(all_parameters())
    for each in endpoints:
        if each.kind is not None and each.vocabulary is not None:
            found |= dict(query_components(each.kind, each.vocabulary))
    return found


def _examples(builder: Builder, endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """An example of each document in each format, as that writes it."""
    found: dict[str, Any] = {}
    for endpoint in endpoints:
        if endpoint.sample is not None:
            document = endpoint.sample(builder)
            for each in endpoint.formats:
                if not each.for_people:
                    found[f"{endpoint.shown_as}.{each.name}"] = _written(each, document)
    return found


def _written(format_: Format, document: Document) -> dict[str, Any]:
    text = format_.render(document)
    is_json = format_.lines is None and text.startswith(b"{")
    return {"value": msgspec.json.decode(text) if is_json else text.decode()}
