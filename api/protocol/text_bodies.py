"""Bodies in which every value is text: HTML's forms, and the elements of XML.

A value becomes what the member's kind says; a text that is no such thing stays a text,
which the schema then refuses with its own words.
"""

import re
from urllib.parse import parse_qsl

from api.errors import MalformedBody
from api.hypermedia.document import JsonValue, Member, Shape
from api.protocol.json_bodies import parse_json
from schemas.base import CONTROL_CHARACTER, is_carried

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TRUTH = {"true": True, "false": False}
_MOST_FIELDS = 1000


def converted(text: str, kind: Member) -> JsonValue:
    """The text as a value of the kind, or as it is where it is none."""
    if kind is Member.NUMBER and _NUMBER.fullmatch(text):
        return int(text) if _INTEGER.fullmatch(text) else _parsed(text)
    if kind is Member.FREE:
        return _parsed(text)
    if kind is Member.BOOLEAN:
        return _TRUTH.get(text, text)
    return text


def parse_form(text: bytes, shape: Shape) -> JsonValue:
    """The members of a form; a blank field is absent, a free value is JSON or a text.

    A list has a text a line, and its field may be repeated. Browsers send each line
    break as CR LF; here it is LF, as in JSON.

    Raises:
        MalformedBody: it is no form in UTF-8, or a field stands twice.
    """
    members: dict[str, JsonValue] = {}
    lists: dict[str, list[JsonValue]] = {}
    for name, sent in form_fields(text):
        value = sent.replace("\r\n", "\n")
        kind = shape.members.get(name, Member.TEXT)
        # Of other values the schema says what is wrong, and where.
        is_free = kind is Member.FREE
        if not is_carried(name) or (is_free and not is_carried(value)):
            raise MalformedBody(str(CONTROL_CHARACTER))
        if not value and name in shape.members and kind is not Member.FREE:
            continue
        if kind is Member.TEXTS:
            lines = value.split("\n")
            lists.setdefault(name, []).extend(line for line in lines if line)
        elif name in members:
            raise MalformedBody(f"The field {name!r} stands twice.")
        else:
            members[name] = converted(value, kind)
    return {**members, **lists}


def _parsed(text: str) -> JsonValue:
    """The JSON that the text is, or the text where it is none that we keep."""
    try:
        return parse_json(text.encode())
    except (MalformedBody, UnicodeEncodeError):
        return text


def form_fields(text: bytes) -> list[tuple[str, str]]:
    """The fields of a form and their values, as they were sent.

    Raises:
        MalformedBody: it is no form in UTF-8.
    """
    try:
        return parse_qsl(
            text.decode().strip("&"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except UnicodeDecodeError as ex:
        raise MalformedBody("The form is not UTF-8.") from ex
    except ValueError as ex:
        raise MalformedBody(f"The body is no form: {ex}.") from ex
