"""What all resources share: keys of paths, OPTIONS, and how a member is answered."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property, partial
from http import HTTPStatus
from typing import Any

import falcon
import falcon.asgi

from api.descriptions.endpoint import Endpoint
from api.descriptions.examples import Examples
from api.descriptions.json_schema import sentence
from api.documents import KINDS, children_of, embeddable_in
from api.documents.building import PAGE
from api.documents.kind import Kind
from api.errors import ApiError, NotFound, Place, VersionMismatch
from api.formats import FORMATS, Format
from api.hypermedia import relations
from api.hypermedia.document import Document, Problem
from api.protocol import caching
from api.protocol.answers import Answer, Change, Representation
from api.protocol.conditional import State, etag
from api.protocol.idempotency import REPLAYED, KeyedRequest, keyed_request
from api.protocol.queries import Vocabulary
from api.protocol.request import METHODS, ApiRequest
from api.resources.service import Service, builder_for
from api.roles import Access, Rights, Role
from api.storage import counters, pages, receipts, rows
from api.storage.engine import Connection
from api.storage.query import LARGEST_LIMIT, MemberQuery
from schemas.base import LARGEST_INTEGER
from schemas.formatted import Key

Work = Callable[[Connection], Answer]
"""What a write does in its transaction."""
MODELS = tuple(kind.model for kind in KINDS)


class Resource:
    """A resource that tells its methods; HEAD equals GET without the body.

    Subclasses with a GET set `on_head = on_get`, for Falcon has no HEAD of its own.
    """

    access = Access(read=Role.VISITOR)
    """Who may read and write here."""
    formats: tuple[Format, ...] = FORMATS
    """The formats of its answers."""
    read_formats: tuple[Format, ...] = FORMATS
    """The formats of its answers to GET and HEAD."""
    is_versioned = True
    """Whether its answers have an entity tag."""
    accepted: Mapping[str, str] = {}
    """The header fields that tell which bodies the resource reads."""

    def __init__(self, service: Service) -> None:
        self.service = service

    @cached_property
    def allow(self) -> str:
        """The resource's methods as the Allow header lists them."""
        return ", ".join(
            method for method in METHODS if hasattr(self, f"on_{method.lower()}")
        )

    def endpoint(self, name: str, path: str) -> Endpoint:
        """What descriptions are told of the resource at the named path."""
        methods = {
            method: sentence(getattr(self, f"on_{method.lower()}"))
            for method in self.allow.split(", ")
        }
        settings = self.service.settings
        nobody = settings.nobody
        return Endpoint(
            name,
            path,
            methods,
            self.read_formats,
            accepted=self.accepted,
            is_limited=bool(settings.rate_limit),
            nobody=None if nobody is None else Rights(nobody),
            access=self.access,
            is_versioned=self.is_versioned,
        )

    async def on_options(
        self, _req: ApiRequest, resp: falcon.asgi.Response, **_params: str
    ) -> None:
        """Which methods there are, and which bodies they read."""
        headers = {
            "allow": self.allow,
            "cache-control": caching.NO_STORE,
            "vary": "Accept",
        }
        Answer(HTTPStatus.NO_CONTENT, {**headers, **self.accepted}).send(resp)

    async def show_again(
        self,
        _req: ApiRequest,
        _params: Mapping[str, str],
        _error: ApiError,
        _problem: Problem,
    ) -> None:
        """Let the problem show the form whose request failed; here there are none."""


class NounResource(Resource):
    """A resource of a noun, found by the keys of the noun and its parents."""

    is_page = False
    """Whether it is a collection."""

    def __init__(
        self, service: Service, kind: Kind, parents: tuple[Kind, ...] | None = None
    ) -> None:
        """`parents` are the nouns before it in its path, if not those of its own."""
        super().__init__(service)
        self.kind = kind
        self.access = kind.access
        self.children = children_of(kind)
        self.parts = tuple(each for each in self.children if each.is_part)
        self.vocabulary = Vocabulary(
            kind.model,
            kind.shape.members,
            tuple(child.plural for child in embeddable_in(kind)),
            kind.choices,
        )
        self._cache = caching.PUBLIC if kind.is_public else caching.PRIVATE
        self.parents = _parents(kind) if parents is None else parents
        self.path = self.parents if kind.is_single else (*self.parents, kind)

    def endpoint(self, name: str, path: str) -> Endpoint:
        """What descriptions are told of the noun's resource at the named path."""
        kind = self.kind
        schema = f"{kind.slug}-{PAGE}" if self.is_page else kind.slug
        show = Examples.page if self.is_page else Examples.member
        return replace(
            super().endpoint(name, path),
            schema=schema,
            sample=lambda builder: show(Examples(builder), kind),
            kind=kind,
            vocabulary=self.vocabulary,
            is_page=self.is_page,
            requires_match=self.service.settings.require_if_match,
        )

    def embed(
        self,
        connection: Connection,
        req: ApiRequest,
        documents: Sequence[Document],
        found: Sequence[Any],
        query: MemberQuery = MemberQuery(),  # noqa: B008 - it is frozen
    ) -> None:
        """Put parts, and the beginnings of nested collections, into documents of rows.

        At most two statements for each relation, however many rows there are. Who asks
        for some members only gets no parts.
        """
        builder = builder_for(req)
        owners = [getattr(row, self.kind.model.key) for row in found]
        for part in self.parts if query.fields is None else ():
            insides = pages.first_of_each(
                connection, part.model, owners, LARGEST_LIMIT - 1
            )
            for document, owner in zip(documents, owners, strict=True):
                inside = builder.members(part, insides[owner])
                document.embedded[relations.ITEM] = inside
        for child in [each for each in self.children if each.plural in query.embed]:
            firsts = pages.first_of_each(
                connection, child.model, owners, pages.EMBEDDED_LIMIT
            )
            counts = counters.counts_of(connection, child.model, owners)
            for document, row, owner in zip(documents, found, owners, strict=True):
                document.embedded[child.relation] = builder.embedded_page(
                    child, self.kind.keys_of(row), firsts[owner], counts[owner]
                )

    async def write(
        self,
        req: ApiRequest,
        resp: falcon.asgi.Response,
        body: bytes,
        prepare: Callable[[], Work],
    ) -> None:
        """Answer with what the prepared work gives, and note who wrote what.

        With an idempotency key the work is done once, however often it is asked for:
        what was answered before is looked up before the body is. The write is noted
        even if the client has gone when it has ended.

        Raises:
            KeyReused: the idempotency key came with another body before.
            RequestInProgress: the request with that key still runs.
        """
        keyed = keyed_request(req, body)
        service = self.service
        if keyed is not None:
            replay = await service.storage.read_settled(_replay, keyed)
            if replay is not None:
                self.send(req, resp, replay)
                return
        async with service.claims.hold(keyed.key) if keyed else nullcontext():
            work = prepare()
            writing = asyncio.ensure_future(service.storage.write(_once, keyed, work))
            writing.add_done_callback(partial(service.audit.note, req))
            self.send(req, resp, await asyncio.shield(writing))

    def send(self, req: ApiRequest, resp: falcon.asgi.Response, answer: Answer) -> None:
        """Answer a write; a browser that sent a form is sent on to what to look at."""
        if req.form is not None:
            answer = answer.back_to(req.form.back)
        answer.send(resp)

    def cache_for(self, req: ApiRequest) -> str:
        """What caches may do with an answer to a GET.

        Forms are the caller's own, and one with an old tag would be refused.
        """
        return caching.PRIVATE if req.variant.format.has_forms else self._cache

    async def show_again(
        self,
        req: ApiRequest,
        params: Mapping[str, str],
        error: ApiError,
        problem: Problem,
    ) -> None:
        """Let the problem show the form that was sent, with all that was typed."""
        form: Any = req.form
        forms, kind = builder_for(req).forms, self.kind
        href = req.mount + req.path
        problem.form = forms.sent(kind, form.method, href, form.values, form.back)
        problem.etag = form.etag or ""
        if isinstance(error, VersionMismatch) and form.method != "POST":
            await self.show_present(req, keys_in(self.path, params), problem)

    async def show_present(
        self, req: ApiRequest, keys: tuple[Any, ...], problem: Problem
    ) -> None:
        """Let the problem tell what was wanted otherwise than it is now."""
        form: Any = req.form
        kind, forms = self.kind, builder_for(req).forms
        row = await self.service.storage.read(rows.find, kind.model, keys)
        problem.etag = etag(row.version, req.tag)
        problem.differences = tuple(forms.differences(kind, row, form.values))

    def open_methods(
        self, connection: Connection, req: ApiRequest, row: Any
    ) -> tuple[str, ...]:
        """The methods by which the caller can change the row now."""
        rights, kind = req.caller.rights, self.kind
        methods = [each for each in kind.changes if rights.may(each, kind.access)]
        return rows.open_methods(connection, kind.model, row, methods, MODELS)

    def add_forms(
        self,
        req: ApiRequest,
        document: Document,
        row: Any,
        methods: Sequence[str],
        tag: str,
    ) -> None:
        """Let the row's document show what can be done, at the tag, by the methods."""
        forms = builder_for(req).forms.of_member(self.kind, row, methods)
        document.forms, document.etag = tuple(forms), tag

    def state_of(self, _connection: Connection, row: Any) -> State:
        """What conditions on the resource of the row are compared with."""
        return State(row.version, row.updated)

    def written(
        self,
        connection: Connection,
        req: ApiRequest,
        row: Any,
        status: int = HTTPStatus.OK,
        before: int | None = None,
    ) -> Answer:
        """The answer to a write that made the row what it is.

        `before` is the version of what stood there, if anything did.
        """
        builder, variant, tag = builder_for(req), req.variant, req.tag
        methods: tuple[str, ...] = ()
        if variant.format.has_forms:
            methods = self.open_methods(connection, req, row)
            tag = tag_for(req, methods)
        href = builder.uris.href(self.kind.name, *self.kind.keys_of(row))
        state = self.state_of(connection, row)
        if req.preferences.is_minimal:
            answer = Answer(
                status if status == HTTPStatus.CREATED else HTTPStatus.NO_CONTENT,
                Representation(variant, caching.PRIVATE, tag=tag).headers(state),
            )
            answer.headers["preference-applied"] = "return=minimal"
        else:
            suffix = variant.format.suffix
            location = None if variant.indent or not suffix else href + suffix
            named = Representation(variant, caching.PRIVATE, location, tag)
            document = builder.member(self.kind, row)
            if self.parts:
                self.embed(connection, req, [document], [row])
            if variant.format.has_forms:
                version = etag(state.version, tag)
                self.add_forms(req, document, row, methods, version)
            answer = named.carry(document, state, status)
        if status == HTTPStatus.CREATED:
            answer.headers["location"] = href
        keys = self.kind.keys_of(row)
        answer.change = Change(self.kind.name, keys, before, row.version)
        return answer


def _once(connection: Connection, keyed: KeyedRequest | None, work: Work) -> Answer:
    """What the work gives; the receipt of its key is written in the same step."""
    if keyed is None:
        return work(connection)
    replay = _replay(connection, keyed)
    if replay is not None:
        return replay
    answer = work(connection)
    receipt = receipts.Receipt(
        keyed.fingerprint, answer.status, answer.headers, answer.body
    )
    receipts.keep_receipt(connection, keyed.key, receipt)
    return answer


def _replay(connection: Connection, keyed: KeyedRequest) -> Answer | None:
    """What was answered to the same request before, if it was."""
    receipt = receipts.find_receipt(connection, keyed.key)
    if receipt is None:
        return None
    keyed.require_same(receipt)
    headers = {**receipt.headers, REPLAYED.lower(): "true"}
    return Answer(receipt.status, headers, receipt.body)


def tag_for(req: ApiRequest, methods: Sequence[str]) -> str:
    """What tells entity tags apart where a document shows the methods as forms.

    They depend on more than the row: is a parent open, does another need it.
    """
    return "-".join([req.tag, *methods]).lower()


def keys_in(path: Sequence[Kind], params: Mapping[str, str]) -> tuple[Any, ...]:
    """The keys that a path holds, in its order.

    Raises:
        NotFound: one of them can't be the key of anything.
    """
    keys: tuple[Any, ...] = ()
    for kind in path:
        text = params[kind.name]
        key = _number(text) if kind.model.numbered else _name(text)
        if key is None:
            raise NotFound(
                f"{text!r} can't be the {kind.model.key} of any of the {kind.plural}.",
                within=Place(kind.opened_at if keys else kind.plural, keys),
            )
        keys = (*keys, key)
    return keys


def _number(text: str) -> int | None:
    """A canonical decimal number from 1 on; `01` and `+1` are none."""
    if not (text.isascii() and text.isdigit()) or text[0] == "0" or len(text) > 16:  # noqa: PLR2004 - digits of LARGEST_INTEGER
        return None
    number = int(text)
    return number if number <= LARGEST_INTEGER else None


def _name(text: str) -> str | None:
    return text if Key.fits(text) else None


def _parents(kind: Kind) -> tuple[Kind, ...]:
    if kind.parent is None or kind.stands_alone:
        return ()
    return (*_parents(kind.parent), kind.parent)
