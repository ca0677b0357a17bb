"""gunicorn's own `asgi` worker, with what it lacks for a server on the open network.

Its refusals become problem documents; slow heads and slow bodies are cut off; a client
that is refused while it still sends can read why; the process ends when its work does.
The methods overridden here are private to gunicorn 27.0.1, so that version is pinned
and each of them has a test (docs/decisions/0002-gunicorn-asgi-worker.md).
"""

import asyncio
import logging
import signal
from http import HTTPStatus
from mmap import mmap
from typing import Any
from uuid import uuid4

from gunicorn.asgi import protocol as wire
from gunicorn.glogging import Logger
from gunicorn.workers import gasgi

from api import errors
from api.formats import HAL
from api.hypermedia.document import JsonValue, Problem
from api.operations.health import DRAINING
from api.protocol.caching import NO_STORE
from api.uris import Uris

HEAD_SECONDS = 10
"""How long a request's head may take; an idle connection has gunicorn's keep-alive."""
BODY_SECONDS = 30
# Above the application's own limits, so that it can answer 414 and 431 itself.
LARGEST_LINE = 16_384
MOST_FIELDS = 128
LARGEST_FIELD = 32_768
WRITE_SECONDS = 60
LINGER_SECONDS = 2
"""How long a refused client may go on sending before the connection is closed."""
HALF_CLOSED_SECONDS = 0.05
"""How often a connection is looked at whose client has ended its side."""
_KILL_MARGIN = 3
"""gunicorn kills a worker at the very second at which the worker would give up."""

_ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}

_REFUSALS: dict[int, type[errors.ApiError]] = {
    HTTPStatus.REQUEST_TIMEOUT: errors.RequestTimeout,
    HTTPStatus.REQUEST_URI_TOO_LONG: errors.UriTooLong,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: errors.HeadersTooLarge,
    HTTPStatus.INTERNAL_SERVER_ERROR: errors.InternalError,
    HTTPStatus.NOT_IMPLEMENTED: errors.CodingNotImplemented,
    HTTPStatus.SERVICE_UNAVAILABLE: errors.Unavailable,
}


_DETAILS: dict[int, str] = {
    HTTPStatus.REQUEST_TIMEOUT: (
        f"A head may take {HEAD_SECONDS} seconds, a body {BODY_SECONDS}."
    ),
    HTTPStatus.REQUEST_URI_TOO_LONG: (
        f"A request line may have at most {LARGEST_LINE:,} octets."
    ),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"There may be at most {MOST_FIELDS} header fields "
        f"of at most {LARGEST_FIELD:,} octets each."
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: "The server is busy, or about to stop.",
}
_log = logging.getLogger("waymark.server")


def refusal(status: int) -> bytes:
    """The whole answer to a request that never reached the application; is logged."""
    error = _REFUSALS.get(status, errors.MalformedRequest)
    instance = str(uuid4())
    _log.info(
        "a request was refused",
        extra={"request_id": instance, "status": int(error.status)},
    )
    members: dict[str, JsonValue] = {
        "type": Uris().href("problem", error.slug),
        "title": error.title,
        "status": int(error.status),
        "detail": _DETAILS.get(status, error.title + "."),
        "instance": f"urn:uuid:{instance}",
    }
    body = HAL.render_problem(Problem(members, {}))
    lines = [
        f"HTTP/1.1 {error.status.value} {error.status.phrase}",
        f"Content-Type: {HAL.problem_type}",
        f"Content-Length: {len(body)}",
        f"Cache-Control: {NO_STORE}",
        "Vary: Accept",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    if error is errors.Unavailable:
        lines.append("Retry-After: 1")
    date = wire._get_cached_date_header()
    return b"".join(("\r\n".join(lines).encode(), b"\r\n", date, b"\r\n", body))


class Protocol(wire.ASGIProtocol):  # type: ignore[misc] # gunicorn is not typed
    """A connection: one request after the other, each with its time limits."""

    _closed: bool
    answered = -1
    was_refused = False
    age = 0
    resumed = 0
    stage: tuple[str, int, int] = ("head", 0, 0)

    def connection_made(self, transport: Any) -> None:
        """Note the connection, so that its age is looked at."""
        super().connection_made(transport)
        self.worker.connections.add(self)
        if len(self.worker.connections) > self.cfg.worker_connections:
            self._send_error_response(HTTPStatus.SERVICE_UNAVAILABLE, "")
            self._close_transport()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.worker.connections.discard(self)
        super().connection_lost(exc)
        if self._task and self._is_under_way():
            # Nobody is left to whom the rest of the answer could be sent.
            self._task.cancel()

    def resume_writing(self) -> None:
        """Note that the client has taken what was waiting for it."""
        self.resumed += 1
        super().resume_writing()

    def eof_received(self) -> bool | None:
        """Answer a client that only stopped sending; refuse a body that broke off."""
        if self._current_request is None or self._closed:
            return None
        if self._has_open_body():
            self._send_error_response(HTTPStatus.BAD_REQUEST, "")
            self._close_transport()
            return None
        self._current_request.must_close = True
        self._end_when_answered()
        return True

    def tick(self) -> None:
        """Once a second: end the connection if a stage of it takes too long."""
        if self._closed:
            return
        name, limit = self._stage()
        # A long stream waits for its client again and again, each time anew.
        stage = (name, self.req_count, self.resumed)
        if stage != self.stage:
            self.stage, self.age = stage, 0
            return
        self.age += 1
        if limit is None or self.age < limit:
            return
        if name == "write":
            self.transport.abort()
            return
        if name == "body" or self._has_begun_head():
            self._send_error_response(HTTPStatus.REQUEST_TIMEOUT, "")
        self._end()

    def drop(self) -> None:
        """End the connection now; a request that still runs is told to come again."""
        if self._closed:
            return
        if self._current_request is not None:
            self._send_error_response(HTTPStatus.SERVICE_UNAVAILABLE, "")
            if self._task:
                self.worker.loop.call_later(0.1, self._task.cancel)
        self._end()

    def is_idle(self) -> bool:
        """Whether a first request was answered and no other has come."""
        return self._current_request is None and self.req_count > 1

    def _end_when_answered(self) -> None:
        """End a connection that its client has ended, once nothing more is to be sent.

        The end may come when the answer is written and `must_close` was looked at, and
        then nobody else would end the connection before its keep-alive has run out.
        """
        if self._closed:
            return
        if self._current_request is None:
            self._end()
        else:
            self.worker.loop.call_later(HALF_CLOSED_SECONDS, self._end_when_answered)

    def _end(self) -> None:
        self._close_transport()
        if self._request_ready:
            self._request_ready.set()

    def _stage(self) -> tuple[str, int | None]:
        flow = self._flow_control
        if flow is not None and flow.write_paused:
            return "write", WRITE_SECONDS
        if self._current_request is None:
            is_idle = self.req_count > 1 and not self._has_begun_head()
            return ("idle", None) if is_idle else ("head", HEAD_SECONDS)
        return ("body", BODY_SECONDS) if self._has_open_body() else ("run", None)

    def _is_under_way(self) -> bool:
        """Whether an answer has begun to be sent, and may not be at its end."""
        return self.answered == self.req_count and self._current_request is not None

    def _has_open_body(self) -> bool:
        body = self._body_receiver
        return body is not None and not body._complete

    def _has_begun_head(self) -> bool:
        parser = self._callback_parser
        return parser is not None and bool(parser._buffer or parser.method)

    def _is_websocket_upgrade(self, _request: Any) -> bool:
        # An Upgrade may be ignored (RFC 9110, section 7.8), and here it is.
        return False

    def _feed_callback_parser(self, data: bytes) -> bool:
        try:
            return bool(super()._feed_callback_parser(data))
        except ValueError:
            # A Content-Length of thousands of digits is no number to Python.
            self._send_error_response(HTTPStatus.BAD_REQUEST, "")
            self._close_transport()
            return False

    def _will_close(self, request: Any, requires_close: Any) -> bool:
        # Who is answered before the body ended must hear that the connection closes.
        return self._has_open_body() or bool(
            super()._will_close(request, requires_close)
        )

    def _send_response_start(self, *args: Any, **kwargs: Any) -> None:
        self.answered = self.req_count
        super()._send_response_start(*args, **kwargs)

    def _send_error_response(
        self, status: int, _message: str, _extra_headers: Any = ()
    ) -> None:
        if self._closed or self._is_under_way():
            return
        self.answered, self.was_refused = self.req_count, True
        self._safe_write(refusal(status))

    def _close_transport(self) -> None:
        may_still_send = self.was_refused or self._has_open_body()
        if self._closed or self._conn_lost_handled or not may_still_send:
            super()._close_transport()
            return
        # A reset would take the answer from a client that is still sending.
        self._closed = True
        self._callback_parser = None
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._resume_reading()
        if self._body_receiver is not None:
            self._body_receiver.signal_disconnect()
        self.worker.loop.call_later(LINGER_SECONDS, self.transport.close)


class Worker(gasgi.ASGIWorker):  # type: ignore[misc] # gunicorn is not typed
    """The worker process: looks at its connections each second, and ends in order."""

    has_full_backlog = False
    drain_seconds = 0
    """How long it goes on after it was told to stop, so that balancers notice."""
    reload_mark = mmap(-1, 1)
    """Not 0 once other processes have taken this one's place, with new settings."""

    def init_process(self) -> None:
        """Put our protocol where gunicorn looks for its own."""
        # A signal that comes before the loop runs would be lost, and is sent only once.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        self.connections: set[Protocol] = set()
        gasgi.ASGIProtocol = Protocol
        wire._CACHED_SERVER_HEADER = b""
        wire._REASON_PHRASES.update({each.value: each.phrase for each in HTTPStatus})
        super().init_process()

    def notify(self) -> None:
        """Gunicorn's heartbeat, once a second."""
        super().notify()
        if not self.has_full_backlog and self.servers:
            # asyncio's create_server has listened with 100, whatever the setting says.
            self.has_full_backlog = True
            for each in self.sockets:
                each.sock.listen(self.cfg.backlog)
        for connection in list(self.connections):
            connection.tick()

    def handle_exit_signal(self) -> None:
        """SIGTERM: say that this ends, go on for a while, then finish what is begun."""
        is_replaced = bool(self.reload_mark[0])
        if is_replaced or DRAINING.has_begun or not self.drain_seconds:
            super().handle_exit_signal()
            return
        DRAINING.begin()
        self.loop.call_later(self.drain_seconds, self.handle_exit_signal)

    async def _serve(self) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        await super()._serve()

    async def _shutdown(self) -> None:
        for server in self.servers:
            server.close()
        begin = self.loop.time()
        patience = self.cfg.graceful_timeout - self.drain_seconds - _KILL_MARGIN
        deadline = begin + max(patience, 0)
        while self.connections and not self._quick_shutdown:
            now = self.loop.time()
            for connection in list(self.connections):
                is_silent = connection._current_request is None and now > begin + 1
                if now >= deadline or connection.is_idle() or is_silent:
                    connection.drop()
            if now >= deadline:
                break
            await asyncio.sleep(0.05)
        self.nr_conns = 0
        await super()._shutdown()


class Log(Logger):  # type: ignore[misc] # gunicorn is not typed
    """gunicorn's logger, without the access log that a `logconfig_dict` switches on."""

    def _compute_access_log_enabled(self) -> bool:
        return False
