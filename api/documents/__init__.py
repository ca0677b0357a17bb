"""Stored things as documents: one declaration per noun, and the list of them."""

from api.documents.book import BOOK
from api.documents.customer import CUSTOMER
from api.documents.item import ITEM
from api.documents.kind import Kind
from api.documents.product import PRODUCT
from api.documents.review import REVIEW
from api.documents.task import TASK
from api.documents.user import USER

KINDS: tuple[Kind, ...] = (BOOK, REVIEW, PRODUCT, CUSTOMER, TASK, ITEM, USER)
"""Every noun of the service, in the order in which the root names them."""


def children_of(kind: Kind) -> tuple[Kind, ...]:
    """The nouns that are nested in the noun."""
    return tuple(each for each in KINDS if each.parent is kind)
