"""Logs as lines of JSON on standard error, one format for all who log.

Access lines are written together a few times a second, since a system call for each
would cost as much as reading a row. Tracebacks tell no local variables.
"""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any, BinaryIO

import falcon.asgi
import msgspec
import structlog

from api.operations.tracing import trace_id
from api.protocol.request import ApiRequest

_FLUSH_SECONDS = 0.05
_STAMP = structlog.processors.TimeStamper(fmt="iso", utc=True)
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def logging_configuration(level: str) -> dict[str, Any]:
    """A `logging.config` dictionary: every logger writes JSON to standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.stdlib.ExtraAdder(),
                    _STAMP,
                ],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    _TRACEBACKS,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "gunicorn.error": {"handlers": [], "level": level, "propagate": True},
            "gunicorn.access": {"handlers": [], "propagate": False},
        },
    }


class AccessLog:
    """Logs each answer: a line per request, written with others."""

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self._stream = stream
        self._lines: list[bytes] = []
        self._encode = msgspec.json.Encoder().encode

    def note(self, req: ApiRequest, resp: falcon.asgi.Response, seconds: float) -> None:
        """Note the line; it is written within a twentieth of a second."""
        if not self._lines:
            loop = asyncio.get_running_loop()
            loop.call_later(_FLUSH_SECONDS, self.flush)
        self._lines.append(self._encode(_access_line(req, resp, seconds)))

    async def close(self) -> None:
        """Write what is left."""
        self.flush()

    def flush(self) -> None:
        """Write what was noted."""
        if self._lines:
            lines, self._lines = self._lines, []
            stream = self._stream or sys.stderr.buffer
            stream.write(b"\n".join(lines) + b"\n")
            stream.flush()


def _access_line(
    req: ApiRequest, resp: falcon.asgi.Response, seconds: float
) -> dict[str, Any]:
    line = {
        "event": "request",
        "timestamp": datetime.now(UTC),
        "request_id": req.request_id,
        "method": req.method,
        "path": req.scope["path"],
        "route": req.uri_template,
        "status": resp.status_code,
        "milliseconds": round(seconds * 1000, 3),
        "client": req.address,
    }
    trace = trace_id(req)
    return line if trace is None else {**line, "trace_id": trace}
