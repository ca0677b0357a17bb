"""Users: nothing beyond what every noun has."""

from api.documents.kind import Kind
from api.models.user import USER as MODEL
from schemas.user import UserSchema

USER = Kind(MODEL, UserSchema)
