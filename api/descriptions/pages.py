"""Descriptions of relations and problem types as members of a document."""

from typing import Any

from api.errors import NotFound, problem_types
from api.hypermedia.relations import EXTENSIONS


def relation_members(slug: str) -> dict[str, Any]:
    """What a relation of ours means, leads to, and which methods its target has.

    Raises:
        NotFound: there is no such relation.
    """
    relation = EXTENSIONS.get(slug)
    if relation is None:
        raise NotFound(f"There is no relation {slug!r}.")
    return {
        "name": relation.name,
        "meaning": relation.meaning,
        "leads_to": relation.leads_to,
        "methods": list(relation.methods),
    }


def problem_members(slug: str) -> dict[str, Any]:
    """What a problem type means, and what a client can do about it.

    Raises:
        NotFound: there is no such problem type.
    """
    error = problem_types().get(slug)
    if error is None:
        raise NotFound(f"There is no problem type {slug!r}.")
    return {
        "title": error.title,
        "status": str(int(error.status)),
        "meaning": " ".join((error.__doc__ or "").split()),
        "advice": error.advice,
    }
