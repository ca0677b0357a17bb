"""Users: what a client may send and gets back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from api.roles import GRANTED, Role
from schemas.base import NounSchema, Reference, Text, Whole, between, length
from schemas.formatted import Choice, Email


class UserSchema(NounSchema):
    """Who may do what; with a customer, only with what is that customer's."""

    example: ClassVar[Mapping[str, Any]] = {"name": "ada", "role": "editor"}

    id = Whole(dump_only=True)
    name = Text(required=True, validate=length(at_least=1, at_most=100))
    email = Email(required=True)
    role = Choice(*GRANTED, load_default=Role.READER)
    customer = Reference(allow_none=True, load_default=None, validate=between(1))
