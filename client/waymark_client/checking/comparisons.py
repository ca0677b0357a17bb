"""What shows only beside another answer: HEAD, 304, another format, the page behind."""

from collections.abc import Iterator
from typing import TypeAlias

from waymark_client.checking.findings import Finding, Visit
from waymark_client.checking.variables import needs_values
from waymark_client.documents import Document
from waymark_client.exchange import Failure, Plan, Request, Response
from waymark_client.sending import once

Findings: TypeAlias = list[Finding]

_COMPARED = ("content-type", "etag", "cache-control", "vary", "link", "last-modified")
_OF_304 = ("etag", "cache-control", "vary", "content-location", "expires")
_OK, _NOT_MODIFIED, _NOT_ALLOWED = 200, 304, frozenset({405, 501})
_OTHER_FORMATS = (
    "text/html, application/xml;q=0.9, text/csv;q=0.8, application/json;q=0.1"
)


def ask(
    visit: Visit, method: str, uri: str, **headers: str
) -> Plan[Response | Failure]:
    """What comes of a request besides the walk, with the client's own fields."""
    session = visit.source.session
    request = session.dressed(Request(method, uri).with_headers(**headers))
    return (yield from once(session, request))


def faults_of_head(visit: Visit) -> Plan[Findings]:
    """HEAD is GET without the body."""
    head = yield from ask(visit, "HEAD", visit.request.uri)
    if isinstance(head, Failure) or head.status in _NOT_ALLOWED:
        told = head.reason if isinstance(head, Failure) else f"status {head.status}"
        return [visit.fault("head-differs", f"HEAD: {told}")]
    got = visit.response
    if head.status != got.status:
        return [visit.fault("head-differs", f"HEAD {head.status}, GET {got.status}")]
    names = [
        name for name in _COMPARED if head.headers.get(name) != got.headers.get(name)
    ]
    length = head.headers.get("content-length", str(len(got.body)))
    if length != got.headers.get("content-length", length):
        names.append("content-length")
    beside = visit.beside(
        Request("HEAD", visit.request.uri, visit.request.headers), head
    )
    return [
        beside.fault(
            "head-differs",
            f"{name}: {head.headers.get(name)} for HEAD, else {got.headers.get(name)}",
        )
        for name in names
    ]


def faults_of_conditional(visit: Visit) -> Plan[Findings]:
    """A GET on condition of what was got is answered with a 304 that says the same."""
    etag = visit.response.headers.get("etag")
    if etag is None:
        return []
    again = yield from ask(visit, "GET", visit.request.uri, if_none_match=etag)
    if isinstance(again, Failure):
        return [visit.fault("ignored-etag", again.reason)]
    asked = visit.request.with_headers(if_none_match=etag)
    beside = visit.beside(asked, again)
    if again.status != _NOT_MODIFIED:
        return [beside.fault("ignored-etag", f"{etag}: status {again.status}")]
    got = visit.response.headers
    return [
        beside.fault("not-modified", f"{name} is {again.headers.get(name)} in the 304")
        for name in _OF_304
        if got.get(name) != again.headers.get(name)
    ]


def faults_of_variants(visit: Visit) -> Plan[Findings]:
    """Where Accept changes the answer, Vary says so, and so does the ETag."""
    other = yield from ask(visit, "GET", visit.request.uri, accept=_OTHER_FORMATS)
    got = visit.response
    if isinstance(other, Failure) or other.status != _OK:
        return []
    if other.media_type == got.media_type:
        return []
    beside = visit.beside(visit.request.with_headers(accept=_OTHER_FORMATS), other)
    found = [
        each.fault(
            "missing-vary", f"Vary: {each.response.headers.get('vary', 'nothing')}"
        )
        for each in (visit, beside)
        if not {"accept", "*"} & _names(each.response)
    ]
    etag = got.headers.get("etag", "W/")
    if not etag.startswith("W/") and etag == other.headers.get("etag"):
        kinds = f"{got.media_type} and {other.media_type}"
        found.append(beside.fault("shared-etag", f"{etag} for {kinds}"))
    return found


def faults_of_pages(visit: Visit, page: Document) -> Plan[Findings]:
    """The page behind this one leads back to it, and holds none of its items."""
    onward = _where(page, "next")
    if onward is None:
        return []
    if onward in {visit.request.uri, page.uri}:
        return [visit.fault("endless-pages", f"next is {onward}")]
    behind = yield from _document(visit, onward)
    if behind is None:
        return []
    found = []
    if both := sorted(_items(page) & _items(behind)):
        found.append(visit.fault("pages-overlap", f"{both[0]} is on {onward} as well"))
    backward = _where(behind, "prev")
    if backward is None:
        return [*found, visit.fault("pages-do-not-meet", f"{onward} has no prev")]
    back = yield from _document(visit, backward)
    if back is None or _items(back) != _items(page):
        told = f"prev of {onward} does not lead to the same items"
        found.append(visit.fault("pages-do-not-meet", told))
    return found


def faults_of_embedded(visit: Visit, page: Document) -> Plan[Findings]:
    """The first document embedded under each relation is what stands at its self."""
    found: Findings = []
    for rel in page.embedded_rels:
        for inner in (page.embedded(rel) or ())[:1]:
            if "self" not in inner.links or inner.uri == page.uri:
                continue
            whole = yield from _document(visit, inner.uri)
            found += [] if whole is None else _differences(visit, rel, inner, whole)
    return found


def _differences(
    visit: Visit, rel: str, inner: Document, whole: Document
) -> Iterator[Finding]:
    for name, value in inner.state.items():
        if whole.state.get(name, value) != value:
            there = whole.state[name]
            told = f"{rel} {inner.uri}: {name} is {value!r}, and {there!r} there"
            yield visit.fault("embedded-differs", told[:300])


def _document(visit: Visit, uri: str) -> Plan[Document | None]:
    answered = yield from ask(visit, "GET", uri)
    if isinstance(answered, Failure) or answered.status != _OK:
        return None
    return Document.of(visit.source, answered)


def _where(page: Document, rel: str) -> str | None:
    """Where the relation leads; None if it does not, or not without values."""
    links = [each for each in page.links.get(rel, ()) if not needs_values(each)]
    return links[0].uri() if links else None


def _items(page: Document) -> set[str]:
    rel = page.item_rel
    inside = page.embedded(rel) if rel else None
    if inside is not None:
        return {each.uri for each in inside if "self" in each.links}
    links = page.links.get(rel or "item", ())
    return {link.uri() for link in links if not needs_values(link)}


def _names(response: Response) -> set[str]:
    return {
        each.strip().lower() for each in response.headers.get("vary", "").split(",")
    }
