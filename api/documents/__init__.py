"""Stored things as documents: one declaration per noun, and the list of them."""

from api.documents.book import BOOK
from api.documents.configuration import CONFIGURATION, CUSTOMER_CONFIGURATION
from api.documents.customer import CUSTOMER
from api.documents.item import ITEM
from api.documents.kind import Kind
from api.documents.lineitem import LINEITEM
from api.documents.order import ORDER
from api.documents.product import PRODUCT
from api.documents.review import REVIEW
from api.documents.step import STEPS
from api.documents.task import TASK
from api.documents.user import USER

_SHOP = (BOOK, REVIEW, PRODUCT, CUSTOMER, ORDER, LINEITEM, *STEPS)
_BACK_OFFICE = (TASK, ITEM, CONFIGURATION, CUSTOMER_CONFIGURATION, USER)
KINDS: tuple[Kind, ...] = (*_SHOP, *_BACK_OFFICE)
"""Every noun of the service, in the order in which the root names them."""


def children_of(kind: Kind) -> tuple[Kind, ...]:
    """The nouns that are nested in the noun."""
    return tuple(each for each in KINDS if each.parent is kind)


def embeddable_in(kind: Kind) -> tuple[Kind, ...]:
    """The nested nouns whose first ones can be embedded in the noun's documents.

    What stands inside must change the parent's version when it changes.
    """
    return tuple(child for child in children_of(kind) if child.model.ripple is not None)
