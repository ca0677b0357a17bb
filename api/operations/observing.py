"""What is noted of every request by those who want to know: logs, metrics."""

import time
from collections.abc import Callable, Sequence

import falcon.asgi

from api.protocol.request import ApiRequest

Note = Callable[[ApiRequest, falcon.asgi.Response, float], None]
"""A function that notes a request, its answer, and the seconds between them."""


class Observer:
    """Middleware that tells each answer, and how long it took, to those who note it."""

    def __init__(self, notes: Sequence[Note]) -> None:
        self._notes = notes

    async def process_request(
        self, req: ApiRequest, _resp: falcon.asgi.Response
    ) -> None:
        """Note when it began."""
        req.started = time.perf_counter()

    async def process_response(
        self,
        req: ApiRequest,
        resp: falcon.asgi.Response,
        _resource: object,
        _req_succeeded: bool,
    ) -> None:
        """Tell those who want to know; of a stream, its beginning."""
        seconds = time.perf_counter() - req.started
        for note in self._notes:
            note(req, resp, seconds)


def tell_timing(_req: ApiRequest, resp: falcon.asgi.Response, seconds: float) -> None:
    """Let the client know how long its answer took (W3C Server Timing)."""
    resp.set_header("Server-Timing", f"total;dur={seconds * 1000:.3f}")
