"""Customers: nothing beyond what every noun has."""

from api.documents.kind import Kind
from api.models.customer import CUSTOMER as MODEL
from schemas.customer import CustomerSchema

CUSTOMER = Kind(MODEL, CustomerSchema)
