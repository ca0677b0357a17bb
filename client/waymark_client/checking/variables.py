"""Templated links whose variables must be given: values that are known, or none."""

import re
from collections.abc import Iterable
from urllib.parse import urljoin

from waymark_client.checking.findings import documents_in
from waymark_client.documents import Document
from waymark_client.links import Link
from waymark_client.templates import EXPRESSION, is_well_formed, variables_of


def needs_values(link: Link) -> bool:
    """Whether it is a template that does not expand without values."""
    return (
        link.is_templated
        and is_well_formed(link.href)
        and any(variables_of(link.href).values())
    )


def filled_in(document: Document, link: Link) -> str | None:
    """The URI with values of the document or of what it embeds; None without them.

    A value is known where a member has the name of the variable.
    """
    needed = [name for name, is_needed in variables_of(link.href).items() if is_needed]
    for each in documents_in(document):
        values = {name: each.state.get(name) for name in needed}
        if all(isinstance(value, str | int) for value in values.values()):
            return link.uri(values)
    return None


def is_known(link: Link, uris: Iterable[str]) -> bool:
    """Whether the template makes one of the URIs, so that it has been tried with it."""
    template = urljoin(link.base, link.href)
    pattern, place = "", 0
    for found in EXPRESSION.finditer(template):
        pattern += re.escape(template[place : found.start()])
        pattern += ".*" if found[1] else "[^/?#]+"
        place = found.end()
    known = re.compile(pattern + re.escape(template[place:]))
    return any(known.fullmatch(each) for each in uris)
