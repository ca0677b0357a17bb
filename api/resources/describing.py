"""Every description of the service, as resources by the names of their paths."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from api.descriptions.definitions import schema_document
from api.descriptions.openapi import openapi_document
from api.descriptions.pages import problem_document, relation_document
from api.descriptions.service import (
    FILES,
    catalog_document,
    docs_document,
    root_document,
)
from api.documents.building import ROOT, Builder
from api.formats.described import LINKSET_FORMATS, OPENAPI_FORMATS, SCHEMA_FORMATS
from api.formats.swagger import PAGE
from api.hypermedia.document import Document
from api.resources.base import Resource
from api.resources.descriptions import Description, File, OpenDescription, Root
from api.resources.second_uri import SecondUri
from api.resources.service import Service

Route: TypeAlias = tuple[str, str, Resource | SecondUri]
"""The name of a path, the path, and what stands there."""


def descriptions(service: Service, routes: Sequence[Route]) -> dict[str, Resource]:
    """What the service says about itself, by the names of the paths.

    The routes are those to all resources, which are told when somebody asks.
    """

    def of_all(telling: Callable[..., Document]) -> Callable[..., Document]:
        """The telling, given the endpoint of each route."""

        def told(builder: Builder, **params: str) -> Document:
            endpoints = [each.endpoint(name, path) for name, path, each in routes]
            return telling(builder, endpoints, **params)

        return told

    return {
        "root": Root(service, root_document, schema=ROOT, sample={}),
        "relation": Description(
            service,
            of_all(relation_document),
            schema="relation",
            sample={"rel": "books"},
        ),
        "problem": OpenDescription(
            service,
            problem_document,
            schema="problem-type",
            sample={"slug": "in-use"},
        ),
        "schema": Description(
            service, schema_document, SCHEMA_FORMATS, sample={"schema": "task-input"}
        ),
        "openapi": Description(service, of_all(openapi_document), OPENAPI_FORMATS),
        "catalog": Description(service, catalog_document, LINKSET_FORMATS, sample={}),
        "docs": Description(service, docs_document, (PAGE,)),
        **{name: File(service, path) for name, path in FILES.items()},
    }
