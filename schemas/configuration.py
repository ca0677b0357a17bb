"""Configurations, the shop's and each customer's: what a client may send and gets."""

from collections.abc import Mapping
from typing import Any, ClassVar

from api.models.configuration import CONFIGURATION
from schemas.base import Flag, NounSchema, Text, length
from schemas.formatted import Currency, Email, Language

_SHOP = CONFIGURATION.defaults or {}


class ConfigurationSchema(NounSchema):
    """What the whole shop goes by."""

    example: ClassVar[Mapping[str, Any]] = _SHOP

    fixed = frozenset()  # There is no creation to hold a client to.

    name = Text(load_default=_SHOP["name"], validate=length(at_least=1, at_most=200))
    currency = Currency(load_default=_SHOP["currency"])
    language = Language(load_default=_SHOP["language"])
    contact_email = Email(allow_none=True, load_default=_SHOP["contact_email"])


class CustomerConfigurationSchema(NounSchema):
    """What one customer wants; without a language or currency, the shop's."""

    example: ClassVar[Mapping[str, Any]] = {"currency": "GBP", "newsletter": True}

    fixed = frozenset()

    language = Language(allow_none=True, load_default=None)
    currency = Currency(allow_none=True, load_default=None)
    newsletter = Flag(load_default=False)
