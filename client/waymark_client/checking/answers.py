"""What one answer tells by itself: fields, media type, whether it is a problem."""

import json
import re
from collections.abc import Iterator

from httplint import HttpResponseLinter
from httplint.note import Note, levels

from waymark_client.checking.findings import Finding, Visit
from waymark_client.checking.streams import STREAMS, faults_of_rows
from waymark_client.exchange import Response, is_json

_ETAG = re.compile(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_PROBLEM = "application/problem+json"
_HAL_TYPES = frozenset(
    {
        "application/hal+json",
        "application/vnd.hal+json",
        "application/prs.hal-forms+json",
        "application/json",
    }
)
_FIRST_REFUSAL, _FIRST_FAILURE, _UNAUTHENTICATED = 400, 500, 401
_BAD_FOR_CACHES = frozenset({"CC_CONFLICTING", "CC_DUP", "VARY_ASTERISK"})
"""What httplint only warns of."""


def faults_of_answer(visit: Visit) -> Iterator[Finding]:
    """Everything that is wrong with the answer itself."""
    yield from _of_etag(visit)
    yield from _of_sharing(visit)
    yield from _of_body(visit)
    yield from _of_refusal(visit)
    yield from _of_http(visit)


def _of_etag(visit: Visit) -> Iterator[Finding]:
    etag = visit.response.headers.get("etag")
    if etag is not None and not _ETAG.fullmatch(etag):
        yield visit.fault("malformed-etag", f"ETag: {etag}")


def _of_sharing(visit: Visit) -> Iterator[Finding]:
    headers = visit.response.headers
    rules = {each.strip() for each in headers.get("cache-control", "").split(",")}
    varied = {each.strip().lower() for each in headers.get("vary", "").split(",")}
    is_shown = "Authorization" in visit.request.headers
    if is_shown and "public" in rules and not {"authorization", "*"} & varied:
        yield visit.fault("shared-answer", "public, and not varied by Authorization")


def _of_body(visit: Visit) -> Iterator[Finding]:
    response = visit.response
    if not response.body:
        return
    if response.media_type in STREAMS:
        yield from faults_of_rows(visit)
        return
    try:
        told = json.loads(response.body)
    except ValueError:
        if is_json(response):
            yield visit.fault("malformed-body", f"no JSON as {response.media_type}")
        return
    is_hal = isinstance(told, dict) and isinstance(told.get("_links"), dict)
    is_good = response.media_type in _HAL_TYPES or response.media_type == _PROBLEM
    if is_hal and not is_good:
        yield visit.fault(
            "media-type", f"HAL sent as {response.media_type or 'nothing'}"
        )


def _of_refusal(visit: Visit) -> Iterator[Finding]:
    response = visit.response
    if response.status < _FIRST_REFUSAL:
        return
    if response.status >= _FIRST_FAILURE:
        yield visit.fault("server-failure", f"status {response.status}")
    if (
        response.status == _UNAUTHENTICATED
        and "www-authenticate" not in response.headers
    ):
        yield visit.fault("missing-challenge", "401 without WWW-Authenticate")
    if response.media_type != _PROBLEM:
        kind = response.media_type or "without a body"
        yield visit.fault("no-problem", f"{response.status} as {kind}")
        return
    yield from _of_problem(visit)


def _of_problem(visit: Visit) -> Iterator[Finding]:
    try:
        status = json.loads(visit.response.body).get("status", visit.response.status)
    except (ValueError, AttributeError):
        # That the body is no JSON is told elsewhere.
        return
    if status != visit.response.status:
        told = f"{visit.response.status} tells the status {status}"
        yield visit.fault("problem-status", told)


def _of_http(visit: Visit) -> Iterator[Finding]:
    for summary in _notes(visit.response):
        yield visit.fault("http", summary)


def _notes(response: Response) -> list[str]:
    """What httplint finds wrong, each once."""
    linter = HttpResponseLinter()
    linter.process_response_topline(b"HTTP/1.1", str(response.status).encode(), b"")
    fields = [
        (name, value)
        for name, value in response.headers.raw
        # The library has decoded the body already.
        if name.lower() not in {b"content-encoding", b"content-length"}
    ]
    linter.process_headers(fields)
    linter.feed_content(response.body)
    linter.finish_content(complete=True)
    return sorted({str(note.summary) for note in linter.notes if _is_bad(note)})


def _is_bad(note: Note) -> bool:
    return note.level == levels.BAD or type(note).__name__ in _BAD_FOR_CACHES
