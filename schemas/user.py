"""Users: what a client may send and gets back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from api.roles import Role
from schemas.base import NounSchema, Text, Whole, length
from schemas.formatted import Choice, Email


class UserSchema(NounSchema):
    """Who may do what."""

    example: ClassVar[Mapping[str, Any]] = {"name": "ada", "role": "editor"}

    id = Whole(dump_only=True)
    name = Text(required=True, validate=length(at_least=1, at_most=100))
    email = Email(required=True)
    role = Choice(*Role, load_default=Role.READER)
