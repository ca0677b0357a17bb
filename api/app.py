"""The application: the only module that knows all others."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import falcon.asgi

from api.authentication.bearer import Bearer
from api.authentication.jwt_tokens import JwtVerifier
from api.authentication.tokens import Tokens
from api.documents import KINDS
from api.documents.kind import Kind
from api.documents.step import STEPS
from api.middleware import Authenticate, Life, Marks, Shell, whoever
from api.operations.logs import AccessLog
from api.operations.metrics import (
    note_answer,
    note_connections,
    note_group,
    publish,
)
from api.operations.observing import Note, Observer, tell_timing
from api.operations.tracing import Tracing
from api.problems import add_problem_handlers
from api.protocol.bodies import Body, has_body
from api.protocol.rates import Rates
from api.protocol.request import ApiRequest
from api.resources import operations
from api.resources.base import Resource
from api.resources.collection import Collection, Listing
from api.resources.describing import Route, descriptions
from api.resources.member import KeyedMember, Member, ReplaceableMember
from api.resources.operations import Live, Ready
from api.resources.own import Ownership
from api.resources.second_uri import SecondUri
from api.resources.service import Service
from api.resources.step import StepMember
from api.roles import Caller
from api.settings import Settings, read_settings
from api.storage.engine import Storage
from api.storage.limits import Limits
from api.storage.opening import claims_at, storage_at
from api.uris import PATHS, SECOND_PATHS


class App(falcon.asgi.App[ApiRequest, falcon.asgi.Response]):
    """Falcon's application, which waits for no body and trusts none that broke off."""

    async def __call__(  # type: ignore[override] # as Falcon's own ASGI class has it
        self, scope: Any, receive: Any, send: Any
    ) -> None:
        """Answer one request, or follow the life of the process."""
        if scope["type"] == "http":
            if not isinstance(scope["headers"], list):
                # ASGI promises no more than an iterable, and more than one reads it.
                scope["headers"] = [(name, value) for name, value in scope["headers"]]
            _take_path_of_absolute_form(scope)
            if has_body(scope):
                receive = Body(receive).receive
        await super().__call__(scope, receive, send)


def _take_path_of_absolute_form(scope: dict[str, Any]) -> None:
    """`GET http://host/path` asks that host for `/path` (RFC 9112, section 3.2.2)."""
    path: str = scope["path"]
    if not path.startswith("/") and "://" in path:
        host, mark, rest = path.partition("://")[2].partition("/")
        scope["path"] = mark + rest or "/"
        others = [each for each in scope["headers"] if each[0] != b"host"]
        scope["headers"] = [*others, (b"host", host.encode("latin-1", "replace"))]


def create_app(
    settings: Settings | None = None, authenticate: Authenticate | None = None
) -> App:
    """The service as an ASGI application; without settings, as the environment says.

    `authenticate` tells who sends a request, in place of what the settings say.

    Raises:
        SettingsFault: the environment is wrong.
    """
    settings = settings or read_settings()
    url, limits = settings.database_url, _limits(settings)
    storage = storage_at(url, note_group, limits, settings.standby_url)
    service = Service(settings, storage, claims_at(url, limits))
    rates, told_by = Rates(settings), _authentication(settings, storage)
    authenticate = authenticate or told_by.caller_of
    shell = Shell(settings, authenticate, Ownership(storage).require, rates)
    access_log = AccessLog()
    notes = _notes(settings, access_log)
    middleware: list[Any] = [Observer(notes)] if notes else []
    if settings.tracing:
        middleware.append(Tracing())
    if settings.nobody is not None or settings.cors_origins or settings.rate_limit:
        middleware.append(Marks(settings))
    ends = [service.close, rates.close, access_log.close, publish]
    middleware += [shell, Life(told_by.begin, ends)]
    app = App(middleware=middleware, request_type=ApiRequest)
    # An answer without a body has no media type.
    app.resp_options.default_media_type = None  # type: ignore[assignment] # it may be
    add_problem_handlers(app)
    routes: list[Route] = []
    for name, resource in _resources(service, routes).items():
        routes.append((name, PATHS[name], resource))
        if name in SECOND_PATHS:
            routes.append((name, SECOND_PATHS[name], SecondUri(resource, name)))
    for _, path, routed in routes:
        app.add_route(path, routed)
    return app


def _limits(settings: Settings) -> Limits:
    return Limits(
        settings.database_timeout, settings.database_connections, note_connections
    )


def _notes(settings: Settings, access_log: AccessLog) -> list[Note]:
    """What is done with each answer and the seconds that it took."""
    notes: list[Note] = []
    if settings.server_timing:
        notes.append(tell_timing)
    if settings.metrics:
        notes.append(note_answer)
    if settings.access_log:
        notes.append(access_log.note)
    return notes


class _Authentication(NamedTuple):
    """How it is found out who asks, and what is to be done for that at the start."""

    caller_of: Authenticate
    begin: Sequence[Callable[[], Awaitable[None]]] = ()


def _authentication(settings: Settings, storage: Storage) -> _Authentication:
    if settings.nobody is None:
        return _Authentication(whoever)
    nobody = Caller(settings.nobody)
    if settings.auth == "token":
        return _Authentication(Bearer(Tokens(storage).caller_of, nobody))
    verifier = JwtVerifier(settings)
    return _Authentication(Bearer(verifier.caller_of, nobody), [verifier.warm])


def _resources(service: Service, routes: Sequence[Route]) -> dict[str, Resource]:
    """Every resource by the name of its path.

    The routes are those to all of them, for descriptions to tell when they are asked.
    """
    found: dict[str, Resource] = {}
    settings = service.settings
    for kind in KINDS:
        found |= _resources_of(service, kind)
    found |= descriptions(service, routes)
    found |= {"health_live": Live(service), "health_ready": Ready(service)}
    if settings.metrics and not settings.metrics_bind:
        found["metrics"] = operations.Metrics(service)
    return found


def _resources_of(service: Service, kind: Kind) -> dict[str, Resource]:
    """The resources of one noun by the names of their paths."""
    if kind in STEPS:
        return {kind.name: StepMember(service, kind)}
    if kind.is_single:
        return {kind.name: ReplaceableMember(service, kind)}
    if kind.model.stands_alone and kind.parent is not None:
        opened_at = Collection(service, kind, (kind.parent,))
        found: dict[str, Resource] = {
            kind.opened_at: opened_at,
            kind.plural: Listing(service, kind),
        }
    else:
        found = {kind.plural: Collection(service, kind)}
    found[kind.name] = _member_of(service, kind)
    return found


def _member_of(service: Service, kind: Kind) -> Resource:
    if not kind.is_replaceable:
        return Member(service, kind)
    if kind.model.numbered:
        return ReplaceableMember(service, kind)
    return KeyedMember(service, kind)
