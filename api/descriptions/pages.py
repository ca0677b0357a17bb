"""Descriptions of relations and problem types as members of a document."""

import re
from typing import Any

from api.errors import ApiError, NotFound, problem_types
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
        "status": int(error.status),
        "meaning": _meaning(error),
        "advice": error.advice,
    }


def _meaning(error: type[ApiError]) -> str:
    """The first sentence of the class's docstring, without the status before it."""
    sentence = (error.__doc__ or "").strip().splitlines()[0]
    sentence = re.sub(r"^\d{3}: ", "", sentence)
    return sentence[0].upper() + sentence[1:]
