"""Collections of any noun: pages to read, and POST to add a member."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import falcon.asgi

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
from api.resources.service import builder_for
from api.roles import may
from api.storage import counters, pages, rows
from api.storage.engine import Connection, Snapshot
from api.storage.query import CollectionQuery, Counting


class _Asked(NamedTuple):
    """A page that is wanted: what was asked, and how it is to be answered."""

    req: ApiRequest
    keys: tuple[Any, ...]
    query: CollectionQuery
    named: Representation
    methods: tuple[str, ...]


class Listing(NounResource):
    """All of a noun, or all that belong to one parent, page by page."""

    async def on_get(
        self, req: ApiRequest, resp: falcon.asgi.Response, **params: str
    ) -> None:
        """A page of the collection, as the query asks."""
        preferences = req.preferences
        query = collection_query(
            self.vocabulary, req.query_string, preferences.is_lenient
        )
        keys = keys_in(self.parents, params)
        conditions = conditions_of(req)
        embeds = bool(self.parts or query.member.embed)
        is_bounded = query.selection.is_bounded and not embeds
        run = self.service.storage.read if is_bounded else self.service.storage.scan
        answer = await run(self._page, req, keys, query, conditions)
        answer.send(resp)

    on_head = on_get

    def _page(
        self,
        connection: Connection,
        req: ApiRequest,
        keys: tuple[Any, ...],
        query: CollectionQuery,
        conditions: Conditions,
    ) -> Answer:
        model = self.kind.model
        owner = keys[-1] if keys else counters.NO_OWNER
        parent = rows.require_parent(connection, model, keys)
        has_forms = req.variant.format.has_forms
        methods = self.open_for(req, parent) if has_forms else ()
        named = self._representation(req, methods)
        count = counters.count_of(connection, model, owner)
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
        owner = keys[-1] if keys else counters.NO_OWNER
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
            embeds = bool(self.parts or query.member.embed)
            if embeds and isinstance(members, list):
                self.embed(connection, req, members, page.rows, query.member)
        if req.variant.format.has_forms:
            forms = builder_for(req).forms.of_collection(self.kind, keys, methods)
            document.forms = tuple(forms)
        answer = named.carry(document, State(count.version, count.updated))
        if counting is not Counting.BOUNDED:
            answer.headers["preference-applied"] = f"count={counting}"
        return answer, count.version

    def _representation(
        self, req: ApiRequest, methods: tuple[str, ...]
    ) -> Representation:
        tag, counting = req.tag, req.preferences.counting
        if req.variant.format.has_forms:
            tag = tag_for(req, methods)
        if counting is not Counting.BOUNDED:
            tag = f"{tag}-{counting}"
        return Representation(
            req.variant, self.cache, req.content_location, tag, "Accept, Prefer"
        )


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
        is_open = is_open and may(req.caller.role, "POST", self.kind.name)
        return ("POST",) if is_open else ()
