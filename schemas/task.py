"""Tasks: what a client may send and gets back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from schemas.base import Flag, NounSchema, Text, length
from schemas.formatted import Key


class TaskSchema(NounSchema):
    """A line of the back office's to-do list; its id may be the client's choice."""

    example: ClassVar[Mapping[str, Any]] = {
        "id": "count-the-stock",
        "description": "Count the stock.",
    }

    id = Key()
    description = Text(required=True, validate=length(at_least=1, at_most=1000))
    complete = Flag(load_default=False)
