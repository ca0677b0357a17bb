"""Rows that come one by one, as NDJSON or CSV: so many of them, and what is wrong."""

import csv
import io
import json
from collections.abc import Iterator

from waymark_client.checking.findings import Finding, Visit
from waymark_client.exchange import (
    Failure,
    Leave,
    More,
    Open,
    Plan,
    Request,
    Response,
    Stream,
)
from waymark_client.sending import Session, traced

STREAMS = frozenset({"application/x-ndjson", "application/jsonl", "text/csv"})
_ENOUGH = 1 << 16
"""Octets of a stream; the rest is left."""


def sampled(session: Session, request: Request) -> Plan[Response | Failure]:
    """What comes of the request, with whole rows from the beginning of the body."""
    opened = yield Open(request)
    if not isinstance(opened, Stream):
        assert isinstance(opened, Failure)  # noqa: S101 - what a driver gives for Open
        return traced(session, request, opened)
    body, head = b"", opened.head
    while len(body) < _ENOUGH and (part := (yield More(opened))):
        if isinstance(part, Failure):
            return traced(session, request, part)
        assert isinstance(part, bytes)  # noqa: S101 - what a driver gives for More
        body += part
    yield Leave(opened)
    if len(body) >= _ENOUGH:
        body = _whole_rows(body[:_ENOUGH], head.media_type)
    whole = Response(head.status, head.headers, body, head.uri)
    return traced(session, request, whole)


def _whole_rows(body: bytes, kind: str) -> bytes:
    """The body without what was cut off behind the last end of a row."""
    body = body[: body.rfind(b"\n") + 1]
    # A line that ends between quotes is none of the ends of a row.
    while kind == "text/csv" and body.count(b'"') % 2:
        body = body[: body.rfind(b"\n", 0, -1) + 1]
    return body


def faults_of_rows(visit: Visit) -> Iterator[Finding]:
    """The first line that is no JSON, or the first row of another width than others."""
    of = _csv_fault if visit.response.media_type == "text/csv" else _line_fault
    try:
        told = of(visit.response.body.decode())
    except UnicodeDecodeError as ex:
        told = f"{ex.reason} at octet {ex.start}"
    if told:
        yield visit.fault("malformed-body", told)


def _line_fault(text: str) -> str | None:
    for number, line in enumerate(text.split("\n"), 1):
        try:
            json.loads(line or "{}")
        except ValueError:
            return f"line {number} is no JSON"
    return None


def _csv_fault(text: str) -> str | None:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as ex:
        return str(ex)
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            return f"row {number} has {len(row)} cells, the first {len(rows[0])}"
    return None
