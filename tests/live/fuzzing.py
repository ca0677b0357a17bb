"""What schemathesis must be told that no JSON Schema says; `make fuzz` loads it."""

from string import digits
from uuid import uuid4

import schemathesis
from hypothesis import strategies

from schemas.book import is_isbn_13

_KNOWN = ("book", "amount")
"""What is left out: the book may be gone, and what is to pay is known."""
_KEY = "Idempotency-Key"
_TEXTUAL = ("application/xml", "application/x-www-form-urlencoded")


def isbn(number):
    """An ISBN-13 with a right check digit."""
    first = f"978{number:09}"
    return next(first + digit for digit in digits if is_isbn_13(first + digit))


schemathesis.openapi.format("isbn", strategies.integers(0, 10**9 - 1).map(isbn))


@schemathesis.hook
def filter_case(_context, case):
    """Leave out what is wrong on purpose where it isn't: any value is a text there."""
    return case.media_type not in _TEXTUAL or case.meta.generation.mode.is_positive


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """Make each request a new one, of what is there."""
    if _KEY in case.headers:
        case.headers[_KEY] = str(uuid4())
    if isinstance(case.body, dict):
        case.body = {
            name: _possible(name, value)
            for name, value in case.body.items()
            if name not in _KNOWN
        }
    if isinstance(case.body, list):
        for operation in case.body:
            _keep_document(operation)


def _possible(name, value):
    """The value, but the product is one that is there, and a whole number no `1.0`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return min(value, 1) if name == "product" and type(value) is int else value


def _keep_document(operation):
    """Let a patch not replace a document by what is none."""
    if isinstance(operation, dict) and operation.get("path") == "":
        operation["path"] = "/nothing/there"
