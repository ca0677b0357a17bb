"""Configurations, the shop's and each customer's: nothing beyond what all have."""

from api.documents.customer import CUSTOMER
from api.documents.kind import Kind
from api.models.configuration import CONFIGURATION as SHOP_MODEL
from api.models.configuration import CUSTOMER_CONFIGURATION as CUSTOMER_MODEL
from api.roles import Role
from schemas.configuration import ConfigurationSchema, CustomerConfigurationSchema

CONFIGURATION = Kind(SHOP_MODEL, ConfigurationSchema, write_by=Role.ADMIN)
CUSTOMER_CONFIGURATION = Kind(
    CUSTOMER_MODEL, CustomerConfigurationSchema, parent=CUSTOMER, rel="configuration"
)
