"""Traces: a span for each request, by OpenTelemetry's API alone.

Without an SDK, which the operator installs and configures, nothing comes of it. The
span continues the one that `traceparent` names (W3C Trace Context).
"""

import re

import falcon.asgi
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from api import __version__
from api.protocol.request import ApiRequest

_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_SERVER_ERROR = 500


def trace_id(req: ApiRequest) -> str | None:
    """The id of the trace that the request is part of, or None."""
    header = req.fields.get(b"traceparent")
    if header is None:
        return None
    found = _PARENT.fullmatch(header.decode("latin-1"))
    return found[1] if found and found[1].strip("0") else None


class Tracing:
    """Middleware that makes a span of each request, named by its route."""

    def __init__(self) -> None:
        self._tracer = trace.get_tracer("waymark", __version__)

    async def process_request(
        self, req: ApiRequest, _resp: falcon.asgi.Response
    ) -> None:
        """Begin the span."""
        carrier = {
            name: req.get_header(name, default="")
            for name in ("traceparent", "tracestate")
        }
        req.span = self._tracer.start_span(
            req.method,
            propagate.extract(carrier),
            SpanKind.SERVER,
            {"http.request.method": req.method, "url.path": req.path},
        )

    async def process_response(
        self,
        req: ApiRequest,
        resp: falcon.asgi.Response,
        _resource: object,
        _req_succeeded: bool,
    ) -> None:
        """End it."""
        span = req.span
        if req.uri_template:
            span.update_name(f"{req.method} {req.uri_template}")
            span.set_attribute("http.route", req.uri_template)
        span.set_attribute("http.response.status_code", resp.status_code)
        if resp.status_code >= _SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR))
        span.end()
