"""Lists in header fields, split with respect to quotes (RFC 9110, section 5.6)."""

import re
from collections.abc import Iterator

_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_PARAMETER = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+')
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def elements(header: str) -> Iterator[str]:
    """The elements of a list without white space around them, and no empty ones."""
    for found in _ELEMENT.finditer(header):
        element = found[0].strip()
        if element:
            yield element


def parameters(element: str) -> tuple[str, dict[str, str]]:
    """What stands before the first semicolon, and the parameters behind it.

    Names are in lower case; quotes around values are taken off.
    """
    first, *rest = [found[0].strip() for found in _PARAMETER.finditer(element)] or [""]
    found: dict[str, str] = {}
    for each in rest:
        name, _, value = each.partition("=")
        found[name.strip().lower()] = unquoted(value.strip())
    return first, found


def unquoted(value: str) -> str:
    """A token as it is, a quoted string without its quotes and escapes."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def is_token(text: str) -> bool:
    """Whether the text is a token of RFC 9110, section 5.6.2."""
    return _TOKEN.fullmatch(text) is not None
