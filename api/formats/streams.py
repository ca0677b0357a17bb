"""Collections as lines, one for each member: NDJSON, and CSV (RFC 4180).

Both end visibly, so that a text that broke off can be told from a whole one
(docs/decisions/0025-streams.md): the last line of NDJSON is the collection itself, with
its links and the `count` of the lines before it; only the end of a CSV is a line break
without a record behind it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from api.hypermedia import relations
from api.hypermedia.document import Document, JsonValue, Links, Member, Row, Shape

_CRLF = b"\r\n"
_FORMULA = frozenset("=+-@\t\r\n")
"""What the text of a cell may not begin with: spreadsheets would calculate it."""

_encoder = msgspec.json.Encoder()
_encode, _encode_lines = _encoder.encode, _encoder.encode_lines


@dataclass(frozen=True, eq=False)
class Lines:
    """A way to write a collection: what begins it, any number of rows, what ends it.

    `begin` and `write` take the shape that all rows have; `end` the links and the state
    of the collection itself.
    """

    begin: Callable[[Shape], bytes]
    write: Callable[[Shape, Sequence[Row]], bytes]
    end: Callable[[Links, Mapping[str, JsonValue]], bytes]

    def render(self, document: Document) -> bytes:
        """A document and the members that it embeds; what is in these is left out."""
        embedded = document.embedded.get(relations.ITEM, [])
        members = embedded if isinstance(embedded, list) else [embedded]
        rows = [(each.href or "", each.state) for each in members]
        shape = document.inner or document.shape
        return b"".join(
            (
                self.begin(shape),
                self.write(shape, rows),
                self.end(document.links, document.state),
            )
        )


def _nothing(_shape: Shape) -> bytes:
    return b""


def _json_lines(_shape: Shape, rows: Iterable[Row]) -> bytes:
    return _encode_lines(
        [{"_links": {"self": {"href": href}}, **state} for href, state in rows]
    )


def _json_end(links: Links, state: Mapping[str, JsonValue]) -> bytes:
    return _encode({"_links": links, **state}) + b"\n"


def _csv_header(shape: Shape) -> bytes:
    return ",".join(shape.members).encode()


def _csv_records(shape: Shape, rows: Iterable[Row]) -> bytes:
    record = _record_writer(shape)
    return "".join([record(state) for _, state in rows]).encode()


def _csv_end(_links: Links, _state: Mapping[str, JsonValue]) -> bytes:
    return _CRLF


NDJSON = Lines(_nothing, _json_lines, _json_end)
CSV = Lines(_csv_header, _csv_records, _csv_end)


@lru_cache(maxsize=1024)
def _record_writer(shape: Shape) -> Callable[[Mapping[str, JsonValue]], str]:
    """A function from a state to its record, which begins with a line break."""
    cells = [_cell_source(name, kind) for name, kind in shape.members.items()]
    # The source holds nothing but names of members, which are our own.
    source = f"lambda state: '\\r\\n' + ','.join(({', '.join(cells)},))"
    writer: Callable[[Mapping[str, JsonValue]], str] = eval(source, dict(_NAMES))  # noqa: S307 - compiled once from our own declarations
    return writer


def _cell_source(name: str, kind: Member) -> str:
    if kind is Member.FREE:
        return f"json(state[{name!r}])"
    return f"'' if (value := state[{name!r}]) is None else {_CELLS[kind]}"


def _text(text: str) -> str:
    """The text in quotes, so that no other separator than ours can part it."""
    if text[:1] in _FORMULA:
        text = "'" + text
    return '"' + text.replace('"', '""') + '"'


def _json(value: JsonValue) -> str:
    return '"' + _encode(value).decode().replace('"', '""') + '"'


_CELLS = {
    Member.TEXT: "text(value)",
    Member.TIME: "value",
    Member.MONEY: "value",
    # What is a number is no formula, negative or not.
    Member.NUMBER: "str(value)",
    Member.BOOLEAN: "'true' if value else 'false'",
    Member.TEXTS: "json(value)",
}
_NAMES = {"text": _text, "json": _json}
