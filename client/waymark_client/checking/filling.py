"""Forms: where they lead, and whether a submission that keeps to them is taken."""

import json
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from waymark_client.checking.comparisons import Findings, ask
from waymark_client.checking.findings import Visit
from waymark_client.documents import BoundForm, Document
from waymark_client.errors import WaymarkError
from waymark_client.exchange import Failure, Plan, Request
from waymark_client.forms import URLENCODED, Field, Template, pairs_of
from waymark_client.links import is_link
from waymark_client.plans import options
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
    """What is wrong with the forms of a document; they change data only if writing."""
    found: Findings = []
    for template in document.templates:
        malformed = _malformation(template)
        if malformed:
            found.append(visit.fault("malformed-form", f"{template.name}: {malformed}"))
            continue
        target = document.target_of(template)
        if not visit.source.session.is_own(target):
            found.append(visit.fault("foreign-host", f"{template.name}: {target}"))
        else:
            if template.method != "GET":
                found += yield from _of_target(visit, template, target)
            if is_writing or template.method == "GET":
                found += yield from _of_submission(visit, document, template)
    return found


def _malformation(template: Template) -> str | None:
    if template.method not in _METHODS:
        return f"method {template.method}"
    if not isinstance(template.told.get("properties", []), list):
        return "properties are no list"
    if not is_link({"href": template.target or ""}):
        return f"target {template.target}"
    return None


def _of_target(visit: Visit, template: Template, target: str) -> Plan[Findings]:
    answered = yield from ask(visit, "OPTIONS", target)
    if isinstance(answered, Failure):
        return [visit.fault("dead-form", f"{template.name}: {answered.reason}")]
    if answered.status in _MISSING:
        return [visit.fault("dead-form", f"{template.name}: {target} does not exist")]
    allowed = answered.headers.get("allow")
    if allowed is None or template.method in _words(allowed):
        return []
    told = f"{template.name}: {template.method} {target} allows {allowed}"
    return [visit.fault("dead-form", told)]


def _of_submission(
    visit: Visit, document: Document, template: Template
) -> Plan[Findings]:
    """Send the form, filled in with as little as it asks for."""
    if template.method == "DELETE":
        return [visit.untried(f"{template.name}: it would delete {document.uri}")]
    values, missing = yield from _values(document, template)
    if missing:
        told = f"{template.name}: no value for {', '.join(missing)}"
        return [visit.untried(told)]
    request = _filled_in(visit, document, template, values)
    outcome = yield from once(visit.source.session, request)
    if isinstance(outcome, Failure):
        return [visit.fault("form-refused", f"{template.name}: {outcome.reason}")]
    if outcome.status < _FIRST_REFUSAL or outcome.status in _MAY_CONFLICT:
        return []
    told = f"{template.name} with {values}: status {outcome.status}"
    return [visit.beside(request, outcome).fault("form-refused", told[:300])]


def _filled_in(
    visit: Visit, document: Document, template: Template, values: dict[str, Any]
) -> Request:
    target, session = document.target_of(template), visit.source.session
    pairs = urlencode(pairs_of(template, values))
    if template.method == "GET":
        return session.dressed(Request("GET", target + ("?" + pairs) * bool(pairs)))
    is_plain = template.content_type == URLENCODED
    body = pairs.encode() if is_plain else json.dumps(values).encode()
    headers = {"Content-Type": template.content_type}
    etag = visit.response.headers.get("etag")
    if etag and target == visit.request.uri:
        headers["If-Match"] = etag
    return session.dressed(Request(template.method, target, headers, body))


def _values(
    document: Document, template: Template
) -> Plan[tuple[dict[str, Any], list[str]]]:
    """Values for what is required, and what the form shows; and fields without one."""
    values: dict[str, Any] = {}
    missing: list[str] = []
    for field in template.fields:
        value = field.value
        if value is None and field.is_required:
            choices = yield from _choices(document, template, field)
            value = next(_fitting(field, choices), None)
            missing += [field.name] * (value is None)
        if value is not None:
            values[field.name] = value
    return values, missing


def _choices(document: Document, template: Template, field: Field) -> Plan[list[Any]]:
    """What can be chosen, there or elsewhere; nothing where that is refused."""
    try:
        found = yield from options(BoundForm(document, template), field.name)
    except WaymarkError:
        return []
    return [each.value for each in found]


def _fitting(field: Field, choices: list[Any]) -> Iterator[Any]:
    """Values that keep to what the field tells; of a choice, only those to choose."""
    yield from choices
    if field.source is not None:
        return
    shown = (field.told.get("placeholder"), field.told.get("min"))
    made = [secrets.token_hex(16)[:length] for length in _LENGTHS]
    length = field.told.get("minLength")
    long = "a" * length if isinstance(length, int) else None
    for each in (*shown, *made, *_WORDS, long):
        if each is not None and not list(field.faults(each)):
            yield each


def _words(allowed: str) -> set[str]:
    return {each.strip().upper() for each in allowed.split(",")}
