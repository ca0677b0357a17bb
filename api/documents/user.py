"""Users: nothing beyond what every noun has."""

from api.documents.kind import Kind
from api.models.user import USER as MODEL
from api.roles import Role
from schemas.user import UserSchema

USER = Kind(MODEL, UserSchema, read_by=Role.ADMIN, write_by=Role.ADMIN)
