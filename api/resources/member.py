"""One of any noun: read, replaced, changed, deleted."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import falcon.asgi

from api.documents import KINDS
from api.documents.kind import Kind
from api.protocol import caching
from api.protocol.answers import Answer, Representation
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
)
from api.protocol.members import Draft, draft_of
from api.protocol.patches import apply_patch
from api.protocol.queries import member_query
from api.protocol.request import ApiRequest
from api.resources.base import keys_in
from api.resources.creation import Creation
from api.resources.service import Service, builder_below
from api.storage import counters, rows
from api.storage.engine import Connection
from api.storage.query import MemberQuery


class Member(Creation):
    """One of a noun whose ids the database gives: it can't be made here."""

    accepted: Mapping[str, str] = {"accept-patch": ACCEPT_PATCH}

    def __init__(self, service: Service, kind: Kind) -> None:
        super().__init__(service, kind)
        self._models = [each.model for each in KINDS]
        self._requires_match = service.settings.require_if_match

    async def on_get(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """The member as it is now."""
        query = member_query(
            self.vocabulary, req.query_string, req.preferences.is_lenient
        )
        keys = keys_in(self.path, params)
        conditions = conditions_of(req)
        answer = await self.service.storage.read(
            self._read, req, keys, query, conditions
        )
        answer.send(resp)

    on_head = on_get

    async def on_put(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """Replace all that the client may set; what is left out gets its default."""
        req.refuse_query()
        keys = keys_in(self.path, params)
        body = await read_body(req)
        media_type = media_type_of(req, DOCUMENTS)
        members = parse_document(body, media_type, self.kind.shape)
        draft = draft_of(
            self.kind.schema, members, keeps=self.kind.keeps, key=self._key(keys)
        )
        answer = await self.service.storage.write(
            self._replace, req, keys, draft, conditions_of(req)
        )
        answer.send(resp)

    async def on_patch(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """Change some members; the result must be what a PUT would take."""
        req.refuse_query()
        keys = keys_in(self.path, params)
        body = await read_body(req)
        media_type = media_type_of(req, PATCHES)
        patch = parse_patch(body, media_type, self.kind.shape)
        answer = await self.service.storage.write(
            self._change, req, keys, patch, media_type, conditions_of(req)
        )
        answer.send(resp)

    async def on_delete(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """Remove the member and what belongs to it."""
        req.refuse_query()
        keys = keys_in(self.path, params)
        answer = await self.service.storage.write(
            self._remove, keys, conditions_of(req)
        )
        answer.send(resp)

    def _read(
        self,
        connection: Connection,
        req: ApiRequest,
        keys: tuple[Any, ...],
        query: MemberQuery,
        conditions: Conditions,
    ) -> Answer:
        named = Representation(
            req.variant, self.cache, req.content_location, vary=req.vary
        )
        if conditions is not NO_CONDITIONS:
            state = State(*rows.find_stamp(connection, self.kind.model, keys))
            if conditions.is_fresh(state, req.variant.tag):
                return named.not_modified(state)
        row = rows.find(connection, self.kind.model, keys)
        state = State(row.version, row.updated)
        document = builder_below(req.mount).member(self.kind, row, query)
        if query.embed:
            self.embed(connection, req, [document], [row], query.embed)
        answer = named.carry(document, state)
        answer.headers["accept-patch"] = ACCEPT_PATCH
        return answer

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
            return self.written(req, row, HTTPStatus.CREATED)
        self._require(conditions, present)
        values = draft.for_present(self.kind.dump(present))
        return self.written(
            req, rows.replace(connection, self.kind.model, present, values)
        )

    def _present(self, connection: Connection, keys: tuple[Any, ...]) -> Any:
        """The row that a PUT replaces, which must exist unless clients choose keys."""
        if self.kind.model.numbered:
            return rows.find(connection, self.kind.model, keys)
        return rows.seek(connection, self.kind.model, keys)

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
        self._require(conditions, present)
        document = self.kind.dump(present)
        patched = apply_patch(document, patch, media_type)
        draft = draft_of(self.kind.schema, patched, key=self._key(keys))
        values = draft.for_present(document)
        return self.written(
            req, rows.replace(connection, self.kind.model, present, values)
        )

    def _remove(
        self, connection: Connection, keys: tuple[Any, ...], conditions: Conditions
    ) -> Answer:
        present = rows.find(connection, self.kind.model, keys)
        self._require(conditions, present)
        rows.remove(connection, self.kind.model, present, self._models)
        headers = {"cache-control": caching.PRIVATE, "vary": "Accept"}
        return Answer(HTTPStatus.NO_CONTENT, headers)

    def _require(self, conditions: Conditions, present: Any) -> None:
        state = State(present.version, present.updated)
        conditions.require_for_write(state, obligatory=self._requires_match)

    def _key(self, keys: tuple[Any, ...]) -> tuple[str, str] | None:
        """The key that the path gives to what is sent; a number is the server's."""
        model = self.kind.model
        return None if model.numbered else (model.key, keys[-1])


class KeyedMember(Member):
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
