"""What one HAL document tells: its links, curies and templates, and the Link header."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from waymark_client.checking.findings import Finding, Visit, documents_in
from waymark_client.documents import Document
from waymark_client.link_header import links_in
from waymark_client.links import Link, is_link, origin_of
from waymark_client.templates import is_well_formed, variables_of

_ABOUT = frozenset(
    {
        *("about", "author", "canonical", "curies", "deprecation", "describedby"),
        *("help", "license", "privacy-policy", "profile", "terms-of-service", "type"),
        *("service-desc", "service-doc", "service-meta"),
    }
)
"""Relations that may well lead to another host: they tell of things, and are none."""


def faults_of_document(visit: Visit, document: Document) -> Iterator[Finding]:
    """Everything that is wrong with the document and those embedded in it."""
    for each in documents_in(document):
        yield from _of_self(visit, each)
        yield from _of_shape(visit, each)
        yield from _of_curies(visit, each)
        for links in each.links.values():
            for link in links:
                yield from _of_link(visit, link)
    yield from _of_header(visit, document)


def _of_self(visit: Visit, document: Document) -> Iterator[Finding]:
    if not _told_links(document).get("self"):
        yield visit.fault("missing-self", f"no self beside {_members(document)}")
    for link in document.links.get("self", ()):
        if link.is_templated:
            yield visit.fault("templated-self", f"self is {link.href}")


def _of_shape(visit: Visit, document: Document) -> Iterator[Finding]:
    for rel, target in _told_links(document).items():
        for each in target if isinstance(target, list) else [target]:
            if not is_link(each):
                yield visit.fault("malformed-link", f"{rel} is {str(each)[:80]}")


def _of_curies(visit: Visit, document: Document) -> Iterator[Finding]:
    for rel in (*_told_links(document), *document.embedded_rels):
        if not document.links.is_resolved(rel):
            yield visit.fault("unresolved-curie", f"{rel} has no curie")
    for each in document.links.get("curies", ()):
        if not each.name or "rel" not in variables_of(each.href):
            yield visit.fault(
                "malformed-curie", f"{each.name or 'no name'}: {each.href}"
            )


def _of_link(visit: Visit, link: Link) -> Iterator[Finding]:
    has_braces = "{" in link.href or "}" in link.href
    if not link.is_templated and has_braces:
        yield visit.fault("undeclared-template", f"{link.rel}: {link.href}")
    elif link.is_templated and not is_well_formed(link.href):
        yield visit.fault("malformed-template", f"{link.rel}: {link.href}")
    elif link.is_templated and not has_braces:
        yield visit.fault("empty-template", f"{link.rel}: {link.href}")
    is_foreign = origin_of(
        urljoin(link.base, link.href.partition("{")[0])
    ) != origin_of(visit.source.session.root)
    if is_foreign and link.rel not in _ABOUT:
        yield visit.fault("foreign-host", f"{link.rel}: {link.href}")


def _of_header(visit: Visit, document: Document) -> Iterator[Finding]:
    """The header may tell less than the body, but nothing else."""
    told: dict[str, set[str]] = {}
    for rel, target in _told_links(document).items():
        told[rel] = {
            urljoin(visit.response.uri, each["href"])
            for each in (target if isinstance(target, list) else [target])
            if is_link(each)
        }
    for rel, href, _ in links_in(visit.response.headers.get("link", "")):
        if not is_link({"href": href}):
            yield visit.fault("malformed-link", f"{rel} of the header is {href}")
        elif rel in told and urljoin(visit.response.uri, href) not in told[rel]:
            body = ", ".join(sorted(told[rel]))
            yield visit.fault(
                "link-header", f"{rel}: {href} in the header, {body} in the body"
            )


def _told_links(document: Document) -> dict[str, Any]:
    told = document.told.get("_links")
    return told if isinstance(told, dict) else {}


def _members(document: Document) -> str:
    return ", ".join(list(document.state)[:4]) or "no members"
