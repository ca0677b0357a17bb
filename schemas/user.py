"""Users: what a client may send and gets back."""

from api.roles import Role
from schemas.base import NounSchema, Text, Whole, length
from schemas.formatted import Choice, Email


class UserSchema(NounSchema):
    """Who may do what."""

    id = Whole(dump_only=True)
    name = Text(required=True, validate=length(at_least=1, at_most=100))
    email = Email(required=True)
    role = Choice(*Role, load_default=Role.READER)
