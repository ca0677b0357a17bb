"""Cursors: a position in an order as an opaque text that checks itself.

The check keeps a cursor that was cut, changed or made for another order from meaning
some other place. It is no secret: a cursor tells nothing that the page did not.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from functools import lru_cache
from hashlib import blake2s
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa

from api.models.base import Model, Money
from api.storage.query import Position, Selection, SortKey

_CHECK_LENGTH = 6
_AMOUNT = re.compile(r"[0-9]{1,15}\.[0-9]{2}")
RANKS = 2
"""How many values order the finds of a search, before the serial."""

_Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Value = _Whole | bool | float | str | None
_decode = msgspec.json.Decoder(tuple[bool, tuple[_Value, ...]]).decode


class BrokenCursor(ValueError):
    """The text is no cursor of this collection in this order."""


@lru_cache(maxsize=4096)
def encode_cursor(model: Model, selection: Selection, position: Position) -> str:
    """The position as letters, digits, `-` and `_`."""
    text = msgspec.json.encode([position.backward, position.values])
    check = _check(model, selection, text)
    return _text_of(check + text)


def decode_cursor(model: Model, selection: Selection, cursor: str) -> Position:
    """The position that `encode_cursor` was given.

    Raises:
        BrokenCursor: it was not made for this collection in this order.
    """
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (NotBase64, UnicodeEncodeError) as ex:
        raise BrokenCursor(cursor) from ex
    # Base64 can be written in more than one way; a cursor is written in one.
    if _text_of(raw) != cursor:
        raise BrokenCursor(cursor)
    check, text = raw[:_CHECK_LENGTH], raw[_CHECK_LENGTH:]
    if check != _check(model, selection, text):
        raise BrokenCursor(cursor)
    try:
        backward, values = _decode(text)
    except msgspec.DecodeError as ex:
        raise BrokenCursor(cursor) from ex
    if values and not _fits(model, selection, values):
        raise BrokenCursor(cursor)
    return Position(backward, values)


def _fits(model: Model, selection: Selection, values: tuple[object, ...]) -> bool:
    """Whether the values can be those of a row in the selection's order."""
    *sorts, serial = values
    if type(serial) is not int:
        return False
    if selection.words is not None and not selection.sort:
        return [type(each) for each in sorts] == [int] * RANKS
    columns = [model.sorted_by(key.member) for key in selection.sort]
    return len(sorts) == len(columns) and all(map(_can_hold, columns, sorts))


def _can_hold(column: sa.Column[Any], value: object) -> bool:
    """Whether the column can hold the value, on any engine."""
    if value is None:
        return bool(column.nullable)
    wanted = column.type.python_type
    if wanted is float:
        return isinstance(value, int | float)
    if wanted is str:
        is_amount = isinstance(column.type, Money)
        return type(value) is str and _is_text(value, is_amount=is_amount)
    return type(value) is wanted


def _is_text(value: str, *, is_amount: bool) -> bool:
    return bool(_AMOUNT.fullmatch(value)) if is_amount else "\0" not in value


def _text_of(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _check(model: Model, selection: Selection, text: bytes) -> bytes:
    key = _order_key(model.name, selection.words is not None, selection.sort)
    return blake2s(text, key=key, digest_size=_CHECK_LENGTH).digest()


@lru_cache(maxsize=1024)
def _order_key(name: str, has_words: bool, sort: tuple[SortKey, ...]) -> bytes:
    order = [name, has_words, *([key.member, key.descending] for key in sort)]
    return blake2s(msgspec.json.encode(order)).digest()
