"""Items of the key-value store: what a client may send and gets back."""

from typing import ClassVar

from schemas.base import Free, NounSchema
from schemas.formatted import Key


class ItemSchema(NounSchema):
    """A key and any JSON value of up to 64 KiB."""

    fixed: ClassVar[frozenset[str]] = frozenset({"key", "created"})

    key = Key(required=True)
    value = Free(required=True, allow_none=True, octets=65_536)
