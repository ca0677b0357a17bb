"""Tasks: nothing beyond what every noun has."""

from api.documents.kind import Kind
from api.models.task import TASK as MODEL
from schemas.task import TaskSchema

TASK = Kind(MODEL, TaskSchema, keeps=frozenset({"description"}))
