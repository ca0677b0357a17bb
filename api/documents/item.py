"""Items of the key-value store: nothing beyond what every noun has."""

from api.documents.kind import Kind
from api.models.item import ITEM as MODEL
from schemas.item import ItemSchema

ITEM = Kind(MODEL, ItemSchema)
