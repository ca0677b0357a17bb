"""The audit log: a line of JSON on standard error for every write."""

import sys
from asyncio import Future
from datetime import UTC, datetime

import msgspec

from api.protocol.answers import Answer
from api.protocol.request import ApiRequest


class AuditLog:
    """Tells who wrote what: from which version to which, by which request.

    A line is written as soon as the write is on disk, and holds nothing of what was
    sent but the path's keys.
    """

    def __init__(self, *, is_on: bool = True) -> None:
        self._is_on = is_on
        self._encode = msgspec.json.Encoder().encode

    def note(self, req: ApiRequest, writing: Future[Answer]) -> None:
        """Write the line of a write that has ended, if it wrote something."""
        if writing.cancelled() or writing.exception() is not None or not self._is_on:
            return
        change = writing.result().change
        if change is None or change.before == change.after:
            # It was answered before, or it changed nothing.
            return
        caller = req.caller
        line = {
            "event": "write",
            "timestamp": datetime.now(UTC),
            "request_id": req.request_id,
            "who": caller.name,
            "role": caller.role,
            "client": req.address,
            "method": req.method,
            "noun": change.noun,
            "keys": change.keys,
            "from": change.before,
            "to": change.after,
        }
        sys.stderr.buffer.write(self._encode(line) + b"\n")
        sys.stderr.buffer.flush()
