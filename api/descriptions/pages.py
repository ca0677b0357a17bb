"""Descriptions of relations and problem types as documents."""

import re
from collections.abc import Sequence

from api.descriptions.endpoint import Endpoint
from api.documents.building import ROOT, Builder
from api.errors import ApiError, NotFound, problem_types
from api.hypermedia import relations
from api.hypermedia.document import Document, Member, Shape
from api.hypermedia.relations import EXTENSIONS

RELATION = Shape(
    {
        "name": Member.TEXT,
        "meaning": Member.TEXT,
        "source": Member.TEXT,
        "leads_to": Member.TEXT,
        "methods": Member.TEXTS,
        "methods_of_some": Member.TEXTS,
        "targets": Member.TEXTS,
    }
)
_SOURCE = "This service. It is an extension relation (RFC 8288, section 2.1.2)."
_ANYWHERE = ["GET", "HEAD", "OPTIONS"]
PROBLEM_TYPE = Shape(
    {
        "title": Member.TEXT,
        "status": Member.NUMBER,
        "meaning": Member.TEXT,
        "advice": Member.TEXT,
    }
)


def relation_document(
    builder: Builder, endpoints: Sequence[Endpoint], rel: str
) -> Document:
    """What a relation of ours means, where it leads, and which methods are there.

    `targets` are templates of the paths that it can lead to. `methods` are those of
    all of them, `methods_of_some` those of a few, each with its path.

    Raises:
        NotFound: there is no such relation.
    """
    relation = EXTENSIONS.get(rel)
    if relation is None:
        raise NotFound(f"There is no relation {rel!r}.")
    prefix = builder.uris.prefix
    targets = [each for each in endpoints if relation.name in _leading_to(each)]
    shared = [
        method
        for method in (targets[0].methods if targets else _ANYWHERE)
        if all(method in each.methods for each in targets)
    ]
    members = {
        "name": relation.name,
        "meaning": relation.meaning,
        "source": _SOURCE,
        "leads_to": relation.leads_to,
        "methods": shared,
        "methods_of_some": [
            f"{method} {prefix}{each.path}"
            for each in targets
            for method in each.methods
            if method not in shared
        ],
        "targets": [prefix + each.path for each in targets],
    }
    href = builder.uris.href("relation", rel)
    return builder.described(href, members, RELATION, "relation")


def _leading_to(endpoint: Endpoint) -> tuple[str, ...]:
    """The relations of ours that lead to the endpoint; none leads to a second path."""
    kind = endpoint.kind
    if endpoint.name == ROOT:
        return (relations.ROOT,)
    if kind is None or endpoint.is_second:
        return ()
    is_one = kind.is_single or endpoint.is_page
    return (kind.relation if is_one else kind.member_relation,)


def problem_document(builder: Builder, slug: str) -> Document:
    """What a problem type means, and what a client can do about it.

    Raises:
        NotFound: there is no such problem type.
    """
    error = problem_types().get(slug)
    if error is None:
        raise NotFound(f"There is no problem type {slug!r}.")
    members = {
        "title": error.title,
        "status": int(error.status),
        "meaning": _meaning(error),
        "advice": error.advice,
    }
    href = builder.uris.href("problem", slug)
    return builder.described(href, members, PROBLEM_TYPE, "problem-type")


def _meaning(error: type[ApiError]) -> str:
    """The first sentence of the class's docstring, without the status before it."""
    sentence = (error.__doc__ or "").strip().splitlines()[0]
    sentence = re.sub(r"^\d{3}: ", "", sentence)
    return sentence[0].upper() + sentence[1:]
