"""Collections of any noun: pages to read, and POST to add a member."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, NamedTuple

import falcon.asgi

from api.documents.building import shape_of
from api.errors import Fault, InvalidQuery
from api.formats import FORMATS, STREAMS, Format
from api.models.base import Known
from api.protocol.answers import Answer, Representation
from api.protocol.bodies import ACCEPT_POST
from api.protocol.conditional import (
    NO_CONDITIONS,
    Conditions,
    State,
    conditions_of,
)
from api.protocol.queries import collection_query
from api.protocol.request import ApiRequest
from api.resources.base import NounResource, keys_in, tag_for
from api.resources.creation import Creation
from api.resources.own import own_only
from api.resources.service import builder_for
from api.resources.streaming import StreamedBody, Writing
from api.storage import counters, pages, rows
from api.storage.engine import Connection, Snapshot, is_settled
from api.storage.query import CollectionQuery, Counting
from api.storage.reading import Reading
from api.uris import encode_query


class _Asked(NamedTuple):
    """A page that is wanted: what was asked, and how it is to be answered."""

    req: ApiRequest
    keys: tuple[Any, ...]
    query: CollectionQuery
    named: Representation
    methods: tuple[str, ...]


class Listing(NounResource):
    """All of a noun, or all that belong to one parent: page by page, or as a stream."""

    is_page = True
    read_formats: tuple[Format, ...] = FORMATS + STREAMS

    async def on_get(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """A page of the collection, as the query asks."""
        is_lenient = req.preferences.is_lenient
        within = own_only(req.caller, self.kind)
        query = collection_query(self.vocabulary, req.query_string, is_lenient, within)
        keys = keys_in(self.parents, params)
        conditions = conditions_of(req)
        lines = req.variant.format.lines
        if lines is not None:
            query = _without_embedding(query, is_lenient=is_lenient)
            if not query.is_of_page:
                named = self._representation(req, ())
                asked = _Asked(req, keys, query, named, ())
                await self._stream(resp, asked, conditions)
                return
        is_bounded = query.selection.is_bounded and not self._embeds(req, query)
        run = self.service.storage.read if is_bounded else self.service.storage.scan
        answer = await run(self._page, req, keys, query, conditions)
        answer.send(resp)

    on_head = on_get

    async def _stream(
        self, resp: falcon.asgi.Response, asked: "_Asked", conditions: Conditions
    ) -> None:
        """Answer with all that the query asks for, read while it is sent."""
        req, storage = asked.req, self.service.storage
        answer = await storage.read(self._announced, asked, conditions)
        if answer.status == HTTPStatus.OK:
            body = self._body(asked)
            whole = await body.begin()
            if whole is not None:
                answer.body = whole
            else:
                resp.stream = body
                if req.method == "HEAD":
                    await body.close()
        answer.send(resp)

    def _announced(
        self, connection: Connection, asked: "_Asked", conditions: Conditions
    ) -> Answer:
        """The answer without its body, or a 304.

        It is read before the rows are, so its tag is never newer than what they say.
        """
        req, keys, query, named, _ = asked
        rows.require_parent(connection, self.kind.model, keys)
        count = counters.count_of(connection, self.kind.model, _owner(keys))
        state = State(count.version, count.updated)
        if conditions is not NO_CONDITIONS and conditions.is_fresh(state, named.tag):
            return named.not_modified(state)
        links = builder_for(req).stream_links(self.kind, keys, query)
        return Answer(HTTPStatus.OK, named.announce(links, state))

    def _body(self, asked: "_Asked") -> StreamedBody:
        req, keys, query, *_ = asked
        builder, kind, storage = builder_for(req), self.kind, self.service.storage
        lines: Any = req.variant.format.lines
        shape = shape_of(kind, query.member)
        links = builder.stream_links(kind, keys, query)
        reading = Reading(
            storage, kind.model, query.selection, query.position, _owner(keys)
        )
        return StreamedBody(
            storage,
            reading,
            Writing(
                lines.begin(shape),
                lambda found: lines.write(
                    shape, builder.rows(kind, found, query.member)
                ),
                lambda count: lines.end(links, {"count": count}),
            ),
        )

    def _page(
        self,
        connection: Connection,
        req: ApiRequest,
        keys: tuple[Any, ...],
        query: CollectionQuery,
        conditions: Conditions,
    ) -> Answer:
        model = self.kind.model
        parent = rows.require_parent(connection, model, keys)
        has_forms = req.variant.format.has_forms
        methods = self.open_for(req, parent) if has_forms else ()
        if has_forms:
            conditions = conditions.by_tag()
        named = self._representation(req, methods)
        count = counters.count_of(connection, model, _owner(keys))
        state = State(count.version, count.updated)
        if conditions is not NO_CONDITIONS and conditions.is_fresh(state, named.tag):
            return named.not_modified(state)
        asked = (
            req.mount,
            req.path,
            req.query_string,
            req.preferences,
            req.variant.media_type,
            named.tag,
        )
        answer = self.service.pages.find((*asked, count.version))
        if answer is None:
            answer, version = self._written_page(
                connection, _Asked(req, keys, query, named, methods)
            )
            # A version that a failover undoes may come again and mean something else.
            if is_settled(connection):
                self.service.pages.keep((*asked, version), answer)
        return answer

    def open_for(self, _req: ApiRequest, _parent: Any) -> tuple[str, ...]:
        """The methods by which the caller can add to the collection now."""
        return ()

    def _written_page(
        self, connection: Connection, asked: "_Asked"
    ) -> tuple[Answer, int]:
        """The page as the database has it at one moment, and its version then."""
        req, keys, query, named, methods = asked
        model, counting = self.kind.model, req.preferences.counting
        owner = _owner(keys)
        with Snapshot(connection):
            count = counters.count_of(connection, model, owner)
            page = pages.read_page(
                connection, model, query.selection, query.position, query.limit, owner
            )
            total: pages.Total | None = None
            if counting is not Counting.NONE:
                total = pages.Total(count.total, is_exact=True)
                if not query.selection.is_everything:
                    total = pages.count(
                        connection, model, query.selection, counting, owner
                    )
            document = builder_for(req).page(self.kind, keys, query, page, total)
            members = document.embedded["item"]
            if self._embeds(req, query) and isinstance(members, list):
                self.embed(connection, req, members, page.rows, query.member)
        if req.variant.format.has_forms:
            forms = builder_for(req).forms.of_collection(self.kind, keys, methods)
            document.forms = tuple(forms)
        answer = named.carry(document, State(count.version, count.updated))
        if counting is not Counting.BOUNDED:
            answer.headers["preference-applied"] = f"count={counting}"
        return answer, count.version

    def _embeds(self, req: ApiRequest, query: CollectionQuery) -> bool:
        """Whether members have others inside; lines of a stream never have."""
        is_nested = bool(self.parts or query.member.embed)
        return is_nested and req.variant.format.lines is None

    def _representation(
        self, req: ApiRequest, methods: tuple[str, ...]
    ) -> Representation:
        tag, counting = req.tag, req.preferences.counting
        if req.variant.format.has_forms:
            tag = tag_for(req, methods)
        if counting is not Counting.BOUNDED:
            tag = f"{tag}-{counting}"
        return Representation(
            req.variant,
            self.cache_for(req),
            req.content_location,
            tag,
            "Accept, Prefer",
        )


def _owner(keys: tuple[Any, ...]) -> Any:
    """Whose collection the keys lead to."""
    return keys[-1] if keys else counters.NO_OWNER


def _without_embedding(query: CollectionQuery, *, is_lenient: bool) -> CollectionQuery:
    """The query of a stream, which embeds nothing.

    Raises:
        InvalidQuery: something shall be embedded, and the request is not lenient.
    """
    if not query.member.embed:
        return query
    kept = tuple(pair for pair in query.parameters if pair[0] != "embed")
    if not is_lenient:
        detail = "Nothing can stand inside of the rows of a stream."
        fault = Fault(detail, "unknown", parameter="embed")
        raise InvalidQuery([fault], corrected=encode_query([*kept])[1:])
    return replace(query, member=replace(query.member, embed=()), parameters=kept)


class Collection(Listing, Creation):
    """A collection to which a client can add."""

    accepted: Mapping[str, str] = {"accept-post": ACCEPT_POST}

    async def on_post(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """A new member."""
        req.refuse_query()
        await self.create(req, resp, keys_in(self.parents, params))

    def open_for(self, req: ApiRequest, parent: Any) -> tuple[str, ...]:
        """POST, where the role and the parent's state allow it."""
        is_open = self.kind.model.is_open("POST", Known(parent=parent))
        is_open = is_open and req.caller.rights.may("POST", self.access)
        return ("POST",) if is_open else ()
