"""The steps of an order: each is made by PUT, once, and stays as it is."""

from http import HTTPStatus
from typing import Any

import falcon.asgi

from api.documents.kind import Kind
from api.errors import Place
from api.hypermedia.document import Problem
from api.models.order import ORDER
from api.models.order_life import Step
from api.protocol.answers import Answer
from api.protocol.bodies import DOCUMENTS, media_type_of, parse_document, read_body
from api.protocol.conditional import Conditions, State, conditions_of, etag
from api.protocol.members import Draft, draft_of
from api.protocol.request import ApiRequest
from api.resources.base import Work, keys_in
from api.resources.member import ReadableMember
from api.resources.service import Service
from api.storage import rows, steps
from api.storage.engine import Connection
from api.storage.query import MemberQuery


class StepMember(ReadableMember):
    """One step of an order; what it is compared with is the version of its order."""

    def __init__(self, service: Service, kind: Kind) -> None:
        super().__init__(service, kind)
        self._step = Step(kind.name)

    async def on_put(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """Let it happen, if it may; the same again changes nothing."""
        req.refuse_query()
        keys = keys_in(self.path, params)
        req.versioned = Place(ORDER.noun, keys)
        body = await read_body(req)

        def prepare() -> Work:
            media_type = media_type_of(req, DOCUMENTS)
            members = parse_document(body, media_type, self.kind.shape)
            draft = draft_of(self.kind.schema, members)
            conditions = conditions_of(req)
            return lambda connection: self._take(
                connection, req, keys, draft, conditions
            )

        await self.write(req, resp, body, prepare)

    def is_of_one_row(self, _req: ApiRequest, _query: MemberQuery) -> bool:
        """Not so: the order tells the version."""
        return False

    async def show_present(
        self, req: ApiRequest, keys: tuple[Any, ...], problem: Problem
    ) -> None:
        """Let the form be sent again for the order as it is now."""
        stamp = await self.service.storage.read(rows.find_stamp, ORDER, keys)
        problem.etag = etag(stamp[0], req.tag)

    def stamp_at(self, connection: Connection, keys: tuple[Any, ...]) -> State:
        """The state of the order, if the step has happened."""
        rows.find_stamp(connection, self.kind.model, keys)
        return State(*rows.find_stamp(connection, ORDER, keys))

    def state_of(self, connection: Connection, row: Any) -> State:
        """The state of the order that the step happened to."""
        return State(*rows.find_stamp(connection, ORDER, (row.order,)))

    def _take(
        self,
        connection: Connection,
        req: ApiRequest,
        keys: tuple[Any, ...],
        draft: Draft,
        conditions: Conditions,
    ) -> Answer:
        order = rows.find(connection, ORDER, keys)
        state = State(order.version, order.updated)
        present = rows.seek(connection, self.kind.model, keys)
        if present is not None:
            conditions.require_for_write(state, obligatory=False)
            values = draft.for_present(self.kind.dump(present))
            steps.require_same_step(order, self._step, present, values)
            return self.written(connection, req, present, before=present.version)
        conditions.for_creation().require_for_write(
            state, obligatory=self.requires_match
        )
        values, by = draft.for_new(), req.caller.name
        row = steps.take_step(connection, order, self._step, values, by)
        return self.written(connection, req, row, HTTPStatus.CREATED)
