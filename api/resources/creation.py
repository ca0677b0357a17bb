"""POST: making something new, once, however often the request is sent."""

from contextlib import nullcontext
from dataclasses import dataclass
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
from api.protocol.idempotency import REPLAYED, KeyedRequest, keyed_request
from api.protocol.members import Draft, draft_of
from api.protocol.request import ApiRequest
from api.resources.base import NounResource
from api.storage import counters, receipts, rows
from api.storage.engine import Connection


@dataclass(frozen=True, slots=True)
class _New:
    """What is to be made, where, on which conditions, and for which keyed request."""

    parents: tuple[Any, ...]
    key: str | None
    draft: Draft
    conditions: Conditions
    keyed: KeyedRequest | None


class Creation(NounResource):
    """The one way in which something is made: checked, written, noted in one step."""

    async def create(
        self,
        req: ApiRequest,
        resp: falcon.asgi.Response,
        parents: tuple[Any, ...],
        key: str | None = None,
    ) -> None:
        """Make one of the noun below its parents, at the key, if the path gives one.

        Raises:
            KeyReused: the idempotency key came with another body before.
            RequestInProgress: the request with that key still runs.
        """
        body = await read_body(req)
        keyed = keyed_request(req, body)
        storage = self.service.storage
        if keyed is not None:
            replay = await storage.read(_replay, keyed)
            if replay is not None:
                self.send(req, resp, replay)
                return
        claims = self.service.claims
        with claims.claim(keyed.key) if keyed else nullcontext():
            draft = self._draft(req, body, key)
            new = _New(parents, key, draft, conditions_of(req), keyed)
            await self.write(req, resp, self._insert, req, new)

    def _draft(self, req: ApiRequest, body: bytes, key: str | None) -> Draft:
        model, schema = self.kind.model, self.kind.schema
        media_type = media_type_of(req, DOCUMENTS)
        members = parse_document(body, media_type, self.kind.shape)
        if key is None and not model.numbered and not schema.fields[model.key].required:
            members.setdefault(model.key, uuid4().hex)
        return draft_of(schema, members, key=(model.key, key) if key else None)

    def _insert(self, connection: Connection, req: ApiRequest, new: _New) -> Answer:
        keyed, model = new.keyed, self.kind.model
        replay = _replay(connection, keyed) if keyed is not None else None
        if replay is not None:
            return replay
        rows.require_parent(connection, model, new.parents)
        if new.conditions is not NO_CONDITIONS:
            state = self._state(connection, new.parents, new.key)
            new.conditions.require_for_write(state, obligatory=False)
        owner = new.parents[-1] if new.parents else counters.NO_OWNER
        row = rows.insert(connection, model, new.draft.for_new(), owner)
        answer = self.written(connection, req, row, HTTPStatus.CREATED)
        if keyed is not None:
            receipt = receipts.Receipt(
                keyed.fingerprint, answer.status, answer.headers, answer.body
            )
            receipts.keep_receipt(connection, keyed.key, receipt)
        return answer

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


def _replay(connection: Connection, keyed: KeyedRequest) -> Answer | None:
    """What was answered to the same request before, if it was."""
    receipt = receipts.find_receipt(connection, keyed.key)
    if receipt is None:
        return None
    keyed.require_same(receipt)
    headers = {**receipt.headers, REPLAYED.lower(): "true"}
    return Answer(receipt.status, headers, receipt.body)
