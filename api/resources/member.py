"""One of any noun: read, replaced, changed, deleted."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import falcon.asgi

from api.documents.kind import Kind
from api.protocol import caching
from api.protocol.answers import Answer, Change, Representation
from api.protocol.bodies import (
    ACCEPT_PATCH,
    ACCEPT_POST,
    DOCUMENTS,
    PATCHES,
    media_type_of,
    parse_document,
    parse_patch,
    read_body,
)
from api.protocol.conditional import (
    NO_CONDITIONS,
    Conditions,
    State,
    conditions_of,
    etag,
)
from api.protocol.members import Draft, draft_of
from api.protocol.patches import apply_patch
from api.protocol.queries import member_query
from api.protocol.request import ApiRequest
from api.resources.base import MODELS, NounResource, Work, keys_in, tag_for
from api.resources.creation import Creation
from api.resources.service import Service, builder_for
from api.storage import counters, rows
from api.storage.engine import Connection, Snapshot
from api.storage.query import MemberQuery


class ReadableMember(NounResource):
    """One of a noun, to be read."""

    patches: str | None = None
    """The media types of changes that can be made to it, if any can."""

    def __init__(self, service: Service, kind: Kind) -> None:
        super().__init__(service, kind)
        self.requires_match = service.settings.require_if_match

    async def on_get(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """The member as it is now."""
        query = member_query(
            self.vocabulary, req.query_string, req.preferences.is_lenient
        )
        keys = keys_in(self.path, params)
        conditions = conditions_of(req)
        run = self._read_at_once if self.is_of_one_row(req, query) else self._read
        answer = await self.service.storage.read(run, req, keys, query, conditions)
        answer.send(resp)

    on_head = on_get

    def is_of_one_row(self, req: ApiRequest, query: MemberQuery) -> bool:
        """Whether one row tells all that the document says."""
        return not (self.parts or query.embed or req.variant.format.has_forms)

    def stamp_at(self, connection: Connection, keys: tuple[Any, ...]) -> State:
        """What conditions are compared with, found without reading all of the row."""
        return State(*rows.find_stamp(connection, self.kind.model, keys))

    def _read(
        self,
        connection: Connection,
        req: ApiRequest,
        keys: tuple[Any, ...],
        query: MemberQuery,
        conditions: Conditions,
    ) -> Answer:
        """The document, of which all parts are of one moment."""
        with Snapshot(connection):
            return self._read_at_once(connection, req, keys, query, conditions)

    def _read_at_once(
        self,
        connection: Connection,
        req: ApiRequest,
        keys: tuple[Any, ...],
        query: MemberQuery,
        conditions: Conditions,
    ) -> Answer:
        tag = req.tag
        methods: tuple[str, ...] = ()
        if req.variant.format.has_forms:
            row = rows.find(connection, self.kind.model, keys)
            methods = self.open_methods(connection, req, row)
            tag, conditions = tag_for(req, methods), conditions.by_tag()
        named = Representation(
            req.variant, self.cache_for(req), req.content_location, tag, req.vary
        )
        if conditions is not NO_CONDITIONS:
            state = self.stamp_at(connection, keys)
            if conditions.is_fresh(state, named.tag):
                return named.not_modified(state)
        row = rows.find(connection, self.kind.model, keys)
        document = builder_for(req).member(self.kind, row, query)
        if self.parts or query.embed:
            self.embed(connection, req, [document], [row], query)
        state = self.state_of(connection, row)
        if req.variant.format.has_forms:
            self.add_forms(req, document, row, methods, etag(state.version, tag))
        answer = named.carry(document, state)
        if self.patches:
            answer.headers["accept-patch"] = self.patches
        return answer


class Member(ReadableMember):
    """One of a noun, which can't be made here: the server gives its id."""

    accepted: Mapping[str, str] = {"accept-patch": ACCEPT_PATCH}
    patches = ACCEPT_PATCH

    async def on_patch(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """Change some members; the result must be what a PUT would take."""
        req.refuse_query()
        keys = keys_in(self.path, params)
        body = await read_body(req)

        def prepare() -> Work:
            media_type = media_type_of(req, PATCHES)
            patch = parse_patch(body, media_type, self.kind.shape)
            conditions = conditions_of(req)
            return lambda connection: self._change(
                connection, req, keys, patch, media_type, conditions
            )

        await self.write(req, resp, body, prepare)

    async def on_delete(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """Remove the member and what belongs to it."""
        req.refuse_query()
        keys = keys_in(self.path, params)

        def prepare() -> Work:
            conditions = conditions_of(req)
            return lambda connection: self._remove(connection, keys, conditions)

        # A body, if there is one, has no meaning (RFC 9110, section 9.3.5).
        await self.write(req, resp, b"", prepare)

    def _change(
        self,
        connection: Connection,
        req: ApiRequest,
        keys: tuple[Any, ...],
        patch: Any,
        media_type: str,
        conditions: Conditions,
    ) -> Answer:
        present = rows.find(connection, self.kind.model, keys)
        self.require(conditions, present)
        document = self.kind.dump(present)
        patched = apply_patch(document, patch, media_type)
        draft = draft_of(self.kind.schema, patched, key=self.key_in(keys))
        values = draft.for_present(document)
        row = rows.replace(connection, self.kind.model, present, values)
        return self.written(connection, req, row, before=present.version)

    def _remove(
        self, connection: Connection, keys: tuple[Any, ...], conditions: Conditions
    ) -> Answer:
        present = rows.find(connection, self.kind.model, keys)
        self.require(conditions, present)
        rows.remove(connection, self.kind.model, present, MODELS)
        headers = {"cache-control": caching.PRIVATE, "vary": "Accept"}
        change = None
        if rows.is_stored(present):
            change = Change(self.kind.name, keys, present.version, None)
        return Answer(HTTPStatus.NO_CONTENT, headers, change=change)

    def require(self, conditions: Conditions, present: Any) -> None:
        """Let a write of the present row go on only if the conditions hold."""
        state = State(present.version, present.updated)
        is_change = rows.is_stored(present)
        if not is_change:
            conditions = conditions.for_creation()
        conditions.require_for_write(
            state, obligatory=is_change and self.requires_match
        )

    def key_in(self, keys: tuple[Any, ...]) -> tuple[str, str] | None:
        """The key that the path gives to what is sent; a number is the server's."""
        model = self.kind.model
        return None if model.numbered or model.is_single else (model.key, keys[-1])


class ReplaceableMember(Member):
    """One of a noun whose members the client sets all at once with PUT."""

    async def on_put(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """Replace all that the client may set; what is left out gets its default."""
        req.refuse_query()
        keys = keys_in(self.path, params)
        body = await read_body(req)

        def prepare() -> Work:
            media_type = media_type_of(req, DOCUMENTS)
            members = parse_document(body, media_type, self.kind.shape)
            draft = draft_of(
                self.kind.schema, members, keeps=self.kind.keeps, key=self.key_in(keys)
            )
            conditions = conditions_of(req)
            return lambda connection: self._replace(
                connection, req, keys, draft, conditions
            )

        await self.write(req, resp, body, prepare)

    def _replace(
        self,
        connection: Connection,
        req: ApiRequest,
        keys: tuple[Any, ...],
        draft: Draft,
        conditions: Conditions,
    ) -> Answer:
        present = self._present(connection, keys)
        if present is None:
            conditions.require_for_write(None, obligatory=False)
            owner = keys[-2] if self.parents else counters.NO_OWNER
            row = rows.insert(connection, self.kind.model, draft.for_new(), owner)
            return self.written(connection, req, row, HTTPStatus.CREATED)
        self.require(conditions, present)
        values = draft.for_present(self.kind.dump(present))
        row = rows.replace(connection, self.kind.model, present, values)
        status = HTTPStatus.OK if rows.is_stored(present) else HTTPStatus.CREATED
        return self.written(connection, req, row, status, present.version)

    def _present(self, connection: Connection, keys: tuple[Any, ...]) -> Any:
        """The row that a PUT replaces, which must exist unless clients choose keys."""
        return rows.find(connection, self.kind.model, keys)


class KeyedMember(ReplaceableMember, Creation):
    """One of a noun whose keys clients choose: PUT and POST can make it."""

    accepted: Mapping[str, str] = {
        "accept-post": ACCEPT_POST,
        "accept-patch": ACCEPT_PATCH,
    }

    async def on_post(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """Make it, if there is nothing at the key yet."""
        req.refuse_query()
        *parents, key = keys_in(self.path, params)
        await self.create(req, resp, tuple(parents), key)

    def _present(self, connection: Connection, keys: tuple[Any, ...]) -> Any:
        return rows.seek(connection, self.kind.model, keys)
