"""Items of the key-value store: what a client may send and gets back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from schemas.base import Free, NounSchema
from schemas.formatted import Key


class ItemSchema(NounSchema):
    """A key and any JSON value of up to 64 KiB."""

    example: ClassVar[Mapping[str, Any]] = {
        "key": "opening-hours",
        "value": {"from": 9, "to": 18, "closed": ["Sunday"]},
    }

    fixed: ClassVar[frozenset[str]] = frozenset({"key", "created"})

    key = Key(required=True)
    value = Free(required=True, allow_none=True, octets=65_536)
