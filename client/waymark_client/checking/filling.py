"""Forms: where they lead, and whether a submission that keeps to them is taken."""

import json
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from waymark_client.checking.comparisons import Findings, ask
from waymark_client.checking.findings import Visit
from waymark_client.documents import Document
from waymark_client.exchange import Failure, Plan, Request
from waymark_client.forms import URLENCODED, Field, Template, pairs_of
from waymark_client.sending import once

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"})
_MISSING = frozenset({404, 410})
_MAY_CONFLICT = frozenset({401, 403, 409, 412, 428, 429})
"""Refusals that no form can foretell: they depend on rights, on state, on others."""
_WORDS = ("a", "1", "2000", "1.00", "en", "EUR", "US", "2026-11-21", "a@example.org")
_FIRST_REFUSAL = 400
_LENGTHS = (1, 8, 32)


def faults_of_forms(
    visit: Visit, document: Document, *, is_writing: bool
) -> Plan[Findings]:
    """What is wrong with the forms of a document; they are sent only if writing."""
    found: Findings = []
    for template in document.templates:
        target = document.target_of(template)
        if template.method not in _METHODS:
            told = f"{template.name}: method {template.method}"
            found.append(visit.fault("malformed-form", told))
        elif not isinstance(template.told.get("properties", []), list):
            found.append(visit.fault("malformed-form", f"{template.name}: properties"))
        elif template.method != "GET":
            found += yield from _of_target(visit, template, target)
            if is_writing and template.method != "DELETE":
                found += yield from _of_submission(visit, template, target)
    return found


def _of_target(visit: Visit, template: Template, target: str) -> Plan[Findings]:
    options = yield from ask(visit, "OPTIONS", target)
    if isinstance(options, Failure):
        return [visit.fault("dead-form", f"{template.name}: {options.reason}")]
    if options.status in _MISSING:
        return [visit.fault("dead-form", f"{template.name}: {target} does not exist")]
    allowed = options.headers.get("allow")
    if allowed is None or template.method in _words(allowed):
        return []
    told = f"{template.name}: {template.method} {target} allows {allowed}"
    return [visit.fault("dead-form", told)]


def _of_submission(visit: Visit, template: Template, target: str) -> Plan[Findings]:
    """Send the form, filled in with as little as it asks for."""
    values = _values(template)
    if values is None:
        return []
    if template.content_type == URLENCODED:
        body = urlencode(pairs_of(template, values)).encode()
    else:
        body = json.dumps(values).encode()
    headers = {"Content-Type": template.content_type}
    etag = visit.response.headers.get("etag")
    if etag and target == visit.request.uri:
        headers["If-Match"] = etag
    session = visit.source.session
    request = session.dressed(Request(template.method, target, headers, body))
    outcome = yield from once(session, request)
    if isinstance(outcome, Failure):
        return [visit.fault("form-refused", f"{template.name}: {outcome.reason}")]
    if outcome.status < _FIRST_REFUSAL or outcome.status in _MAY_CONFLICT:
        return []
    told = f"{template.name} with {values}: status {outcome.status}"
    return [visit.beside(request, outcome).fault("form-refused", told[:300])]


def _values(template: Template) -> dict[str, Any] | None:
    """Values for what is required, and what the form shows; None if none is found."""
    values: dict[str, Any] = {}
    for field in template.fields:
        value = field.value
        if value is None and field.is_required:
            value = next(_fitting(field), None)
            if value is None:
                return None
        if value is not None:
            values[field.name] = value
    return values


def _fitting(field: Field) -> Iterator[Any]:
    """Values that keep to what the field tells; a choice made elsewhere has none."""
    if field.source is not None:
        return
    shown = field.told.get("placeholder")
    made = [secrets.token_hex(16)[:length] for length in _LENGTHS]
    low = field.told.get("min")
    candidates = [each.value for each in field.options]
    candidates += [each for each in (shown, low) if each is not None]
    for each in (
        *candidates,
        *made,
        *_WORDS,
        "a" * int(field.told.get("minLength", 1)),
    ):
        if not list(field.faults(each)):
            yield each


def _words(allowed: str) -> set[str]:
    return {each.strip().upper() for each in allowed.split(",")}
