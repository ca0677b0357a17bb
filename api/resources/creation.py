"""POST: making something new."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

import falcon.asgi

from api.protocol.answers import Answer
from api.protocol.bodies import DOCUMENTS, media_type_of, parse_document, read_body
from api.protocol.conditional import (
    NO_CONDITIONS,
    Conditions,
    State,
    conditions_of,
)
from api.protocol.members import Draft, draft_of
from api.protocol.request import ApiRequest
from api.resources.base import NounResource, Work
from api.storage import counters, rows
from api.storage.engine import Connection


class Creation(NounResource):
    """The one way in which something is made below its parents."""

    async def create(
        self,
        req: ApiRequest,
        resp: falcon.asgi.Response,
        parents: tuple[Any, ...],
        key: str | None = None,
    ) -> None:
        """Make one of the noun below its parents, at the key, if the path gives one."""
        body = await read_body(req)

        def prepare() -> Work:
            draft, conditions = self._draft(req, body, key), conditions_of(req)

            def work(connection: Connection) -> Answer:
                self._require(connection, parents, key, conditions)
                return self._insert(connection, req, parents, draft)

            return work

        await self.write(req, resp, body, prepare)

    def _draft(self, req: ApiRequest, body: bytes, key: str | None) -> Draft:
        model, schema = self.kind.model, self.kind.schema
        media_type = media_type_of(req, DOCUMENTS)
        members = parse_document(body, media_type, self.kind.shape)
        if key is None and not model.numbered and not schema.fields[model.key].required:
            members.setdefault(model.key, uuid4().hex)
        return draft_of(schema, members, key=(model.key, key) if key else None)

    def _require(
        self,
        connection: Connection,
        parents: tuple[Any, ...],
        key: str | None,
        conditions: Conditions,
    ) -> None:
        """Let something be made only below what is there, and if conditions hold."""
        rows.require_parent(connection, self.kind.model, parents)
        if conditions is not NO_CONDITIONS:
            state = self._state(connection, parents, key)
            conditions.require_for_write(state, obligatory=False)

    def _insert(
        self,
        connection: Connection,
        req: ApiRequest,
        parents: tuple[Any, ...],
        draft: Draft,
    ) -> Answer:
        owner = parents[-1] if parents else counters.NO_OWNER
        row = rows.insert(connection, self.kind.model, draft.for_new(), owner)
        return self.written(connection, req, row, HTTPStatus.CREATED)

    def _state(
        self, connection: Connection, parents: tuple[Any, ...], key: str | None
    ) -> State | None:
        """The state of what the path names: a member, or else the collection."""
        model = self.kind.model
        if key is None:
            owner = parents[-1] if parents else counters.NO_OWNER
            count = counters.count_of(connection, model, owner)
            return State(count.version, count.updated)
        present = rows.seek(connection, model, (*parents, key))
        return State(present.version, present.updated) if present else None
