"""The walk through a service, bounded by depth, count and rate."""

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from urllib.parse import urljoin, urlsplit

from waymark_client.blocking import Waymark
from waymark_client.checking.answers import faults_of_answer
from waymark_client.checking.bodies import faults_of_document
from waymark_client.checking.comparisons import (
    Findings,
    ask,
    faults_of_conditional,
    faults_of_embedded,
    faults_of_head,
    faults_of_pages,
    faults_of_variants,
)
from waymark_client.checking.filling import faults_of_forms
from waymark_client.checking.findings import (
    NOT_TRIED,
    Finding,
    Visit,
    documents_in,
)
from waymark_client.checking.streams import STREAMS, sampled
from waymark_client.checking.variables import filled_in, is_known, needs_values
from waymark_client.documents import Bound, Document
from waymark_client.errors import NotReadable, interrupted, problem_of
from waymark_client.exchange import (
    Failure,
    Open,
    Outcome,
    Pause,
    Plan,
    Request,
    Response,
    Step,
    is_json,
)
from waymark_client.links import Link, is_link
from waymark_client.sending import once
from waymark_client.templates import is_well_formed

_OK = 200
_DEAD = frozenset({404, 410})
_FIRST_FAILURE = 500
_NOWHERE = "waymark-check-finds-nothing-here"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the walk goes: `each_shape` URIs that differ in numbers only are enough.

    A rate of 0 requests a second is as fast as the server answers.
    """

    depth: int = 6
    requests: int = 2_000
    each_shape: int = 3
    rate: float = 0
    is_writing: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """A URI to be visited, and the link that leads there."""

    uri: str
    rel: str
    source: Visit | None
    depth: int
    kind: str | None = None

    @property
    def request(self) -> Request:
        """A GET that asks for what the link tells."""
        headers = {"Accept": f"{self.kind}, */*;q=0.1"} if self.kind else {}
        return Request("GET", self.uri, headers)


@dataclass(slots=True)
class Crawl:
    """What is waiting, what has been seen, and what was found."""

    source: Bound
    bounds: Bounds
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    asked: int = 0
    _waiting: deque[_Way] = field(default_factory=deque)
    _seen: set[str] = field(default_factory=set)
    _shapes: Counter[str] = field(default_factory=Counter)
    _selves: dict[str, tuple[str, Visit]] = field(default_factory=dict)
    _unfilled: dict[tuple[str, str], tuple[Link, Visit]] = field(default_factory=dict)

    def run(self) -> Plan[None]:
        """Walk until everything is seen, or a bound is reached."""
        yield from self._within_bounds(self._walk())

    def _walk(self) -> Plan[None]:
        root = self.source.session.root
        self._waiting.append(_Way(root, "root", None, 0))
        self._seen.add(root)
        while self._waiting and self.asked < self.bounds.requests:
            yield from self._visit(self._waiting.popleft())
        yield from self._probe(root)
        self._note(self._of_selves())
        self._note(self._of_what_is_left())

    def _within_bounds(self, plan: Plan[None]) -> Plan[None]:
        """Count the requests of the plan, and keep their rate."""
        outcome: Outcome = None
        while True:
            try:
                step: Step = plan.send(outcome)
            except StopIteration:
                return
            if isinstance(step, Request | Open):
                self.asked += 1
                if self.bounds.rate:
                    yield Pause(1 / self.bounds.rate)
            outcome = yield step

    def _visit(self, way: _Way) -> Plan[None]:
        session = self.source.session
        request = session.dressed(way.request)
        is_stream = _media_type(way.kind) in STREAMS
        outcome = yield from (sampled if is_stream else once)(session, request)
        if way.source is None:
            _require_start(request, outcome)
        if isinstance(outcome, Failure):
            self._note([_dead(way, request, None, outcome.reason)])
            return
        visit = self._read(way, request, outcome)
        if (yield from self._is_dead(visit)):
            self._note([_dead(way, request, outcome, f"status {outcome.status}")])
        self._note(faults_of_answer(visit))
        self._note(_of_type(visit))
        if visit.document is not None:
            for link in _without_values(visit.document):
                self._unfilled.setdefault((link.rel, link.href), (link, visit))
            yield from self._look_into(visit, visit.document)
        elif is_stream and outcome.status == _OK:
            self._note((yield from faults_of_head(visit)))
        self._go_on(visit, way.depth + 1)

    def _read(self, way: _Way, request: Request, response: Response) -> Visit:
        try:
            found = Document.of(self.source, response)
        except NotReadable:
            found = None
        is_hal = found is not None and response.status == _OK and "_links" in found.told
        # A document without any links is HAL as well, if it says so.
        is_hal = is_hal or (found is not None and "hal" in response.media_type)
        document = found if is_hal and response.status == _OK else None
        return Visit(self.source, request, response, way.rel, way.kind, document)

    def _is_dead(self, visit: Visit) -> Plan[bool]:
        """Whether there is nothing: what may be PUT is not missing, but to come."""
        if visit.response.status >= _FIRST_FAILURE:
            return True
        if visit.response.status not in _DEAD:
            return False
        if not (yield from _can_be_put(visit, visit.request.uri)):
            return True
        # Some servers say the same of any path, whether it is there or not.
        return (yield from _can_be_put(visit, f"{visit.request.uri}-{_NOWHERE}"))

    def _look_into(self, visit: Visit, document: Document) -> Plan[None]:
        self._note(faults_of_document(visit, document))
        if "self" in document.links:
            self._selves[visit.request.uri] = document.uri, visit
        self._note((yield from faults_of_head(visit)))
        self._note((yield from faults_of_conditional(visit)))
        self._note((yield from faults_of_variants(visit)))
        self._note((yield from faults_of_pages(visit, document)))
        self._note((yield from faults_of_embedded(visit, document)))
        is_writing = self.bounds.is_writing
        self._note((yield from faults_of_forms(visit, document, is_writing=is_writing)))

    def _go_on(self, visit: Visit, depth: int) -> None:
        """Note where the answer leads: links, embedded ones too, and header fields."""
        if depth > self.bounds.depth:
            return
        for rel, target, kind in _ways_on(visit):
            uri = target.partition("#")[0]
            shape = f"{rel} {_shape(uri)}"
            is_own = self.source.session.is_own(uri)
            if not is_own or uri in self._seen:
                continue
            self._shapes[shape] += 1
            if self._shapes[shape] <= self.bounds.each_shape:
                self._seen.add(uri)
                self._waiting.append(_Way(uri, rel, visit, depth, kind))

    def _probe(self, root: str) -> Plan[None]:
        """Ask for what can't be there: the refusal must be a problem."""
        for uri, accept in (
            (urljoin(root, f"/{_NOWHERE}"), None),
            (root, "application/x-nothing"),
        ):
            headers = {"Accept": accept} if accept else {}
            request = self.source.session.dressed(Request("GET", uri, headers))
            outcome = yield from once(self.source.session, request)
            if isinstance(outcome, Response):
                self._note(faults_of_answer(Visit(self.source, request, outcome)))

    def _of_selves(self) -> Iterator[Finding]:
        for own, visit in self._selves.values():
            there = self._selves.get(own, (own, visit))[0]
            if there != own:
                yield visit.fault("unstable-self", f"self {own} has the self {there}")

    def _of_what_is_left(self) -> Iterator[Finding]:
        """What the bounds left out, and templates for which no value became known."""
        for (rel, href), (link, visit) in self._unfilled.items():
            if not is_known(link, self._seen):
                yield visit.untried(f"{rel}: no values for {href}")
        if self._waiting:
            told = f"{len(self._waiting)} links, after {self.asked} requests"
            yield Finding(NOT_TRIED, told, self._waiting[0].request)

    def _note(self, found: "Iterator[Finding] | Findings") -> None:
        """Keep each fault once for all URIs that differ in numbers only."""
        for each in found:
            key = (each.rule, re.sub(r"\d+", "0", each.message), _shape(each.where))
            self.findings.setdefault(key, each)


def crawled(client: Waymark, bounds: Bounds) -> Crawl:
    """The walk through the client's service, at its end."""
    crawl = Crawl(client, bounds)
    client.driver.run(crawl.run())
    return crawl


def _require_start(request: Request, outcome: Response | Failure) -> None:
    """Let pass only a service that lets itself be walked through.

    Raises:
        Interrupted: there is no answer.
        Problem: the root is refused.
        NotReadable: what stands there is no HAL.
    """
    if isinstance(outcome, Failure):
        raise interrupted(request, outcome)
    if not outcome.is_success:
        raise problem_of(request, outcome)
    if not is_json(outcome) and b'"_links"' not in outcome.body:
        raise NotReadable(f"{request.uri} is no HAL, but {outcome.media_type}")


def _can_be_put(visit: Visit, uri: str) -> Plan[bool]:
    options = yield from ask(visit, "OPTIONS", uri)
    if isinstance(options, Failure) or not options.is_success:
        return False
    return "PUT" in options.headers.get("allow", "")


def _media_type(kind: str | None) -> str:
    return (kind or "").partition(";")[0].strip().lower()


def _ways_on(visit: Visit) -> Iterator[tuple[str, str, str | None]]:
    for name in ("location", "content-location"):
        reference = visit.response.headers.get(name)
        if is_link({"href": reference}):
            yield name, urljoin(visit.request.uri, reference), None
    if visit.document is not None:
        for document in documents_in(visit.document):
            yield from _links_on(document)


def _links_on(document: Document) -> Iterator[tuple[str, str, str | None]]:
    """Links with the variables that are known, and the meanings of short relations."""
    for rel, links in document.links.items():
        for link in links:
            if rel == "curies":
                yield from _meanings(document, link.name)
            elif needs_values(link):
                if uri := filled_in(document, link):
                    yield rel, uri, link.type
            elif not link.is_templated or is_well_formed(link.href):
                yield rel, link.uri(), link.type


def _without_values(document: Document) -> Iterator[Link]:
    for each in documents_in(document):
        for link in chain.from_iterable(each.links.values()):
            is_other = link.rel != "curies" and needs_values(link)
            if is_other and filled_in(each, link) is None:
                yield link


def _meanings(
    document: Document, prefix: str | None
) -> Iterator[tuple[str, str, None]]:
    for rel in (*document.links, *document.embedded_rels):
        if prefix and rel.startswith(f"{prefix}:"):
            yield "curies", document.links.meaning(rel), None


def _of_type(visit: Visit) -> Iterator[Finding]:
    if visit.kind is None or visit.response.status != _OK:
        return
    told = _media_type(visit.kind)
    if told != visit.response.media_type:
        yield visit.fault(
            "link-type",
            f"{visit.rel} tells {told}, and gives {visit.response.media_type}",
        )


def _dead(way: _Way, request: Request, response: Response | None, why: str) -> Finding:
    start = way.source.request.uri if way.source else "nowhere"
    return Finding("dead-link", f"{way.rel} of {start}: {why}", request, response)


def _shape(uri: str) -> str:
    parts = urlsplit(uri)
    names = sorted(each.partition("=")[0] for each in parts.query.split("&"))
    return re.sub(r"\d+", "0", parts.path) + "?" + "&".join(names)
