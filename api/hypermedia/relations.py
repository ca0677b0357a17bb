"""Every link relation of the service, with its meaning, in one table.

Relations registered with IANA (RFC 8288, section 2.1.1) keep their names; our own are
extension relations, written `wm:name` and described at `/rels/{name}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "wm"

SELF = "self"
COLLECTION = "collection"
ITEM = "item"
UP = "up"
FIRST = "first"
PREV = "prev"
NEXT = "next"
LAST = "last"
SEARCH = "search"
RELATED = "related"
ALTERNATE = "alternate"
DESCRIBEDBY = "describedby"
SERVICE_DESC = "service-desc"
SERVICE_DOC = "service-doc"
API_CATALOG = "api-catalog"
PROFILE = "profile"
LATEST_VERSION = "latest-version"
CURIES = "curies"

LISTS = frozenset({CURIES, RELATED, ALTERNATE, ITEM})
"""The relations of which there can be several, and so always stand as a list."""

ROOT = "wm:root"
CORRECTED = "wm:corrected"
CUSTOMER = "wm:customer"
ORDER = "wm:order"
LINEITEMS = "wm:lineitems"


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation: its name, its meaning, and what it leads to."""

    name: str
    meaning: str
    leads_to: str

    @property
    def slug(self) -> str:
        """The name without the prefix, as it stands in the description's path."""
        return self.name.removeprefix(f"{PREFIX}:")


_EXTENSIONS = (
    Relation("wm:books", "The catalogue.", "a page of books"),
    Relation("wm:book", "One book by its id.", "a book"),
    Relation("wm:reviews", "What readers say.", "a page of reviews"),
    Relation("wm:review", "One review by its id.", "a review"),
    Relation("wm:products", "What can be sold.", "a page of products"),
    Relation("wm:product", "One product by its id.", "a product"),
    Relation("wm:customers", "Who buys.", "a page of customers"),
    Relation(CUSTOMER, "One customer by its id.", "a customer"),
    Relation("wm:orders", "What was bought.", "a page of orders"),
    Relation(ORDER, "One order by its id.", "an order"),
    Relation(LINEITEMS, "What an order holds.", "a page of line items"),
    Relation("wm:lineitem", "One line item by its number.", "a line item"),
    Relation("wm:placement", "Orders what the draft holds.", "a placement"),
    Relation("wm:payment", "Pays the order's total.", "a payment"),
    Relation("wm:shipment", "Sends what was paid.", "a shipment"),
    Relation("wm:delivery", "Tells that it arrived.", "a delivery"),
    Relation("wm:cancellation", "Calls the order off.", "a cancellation"),
    Relation("wm:tasks", "The to-do list.", "a page of tasks"),
    Relation("wm:task", "One task by its id.", "a task"),
    Relation("wm:items", "The key-value store.", "a page of items"),
    Relation("wm:item", "One item by its key.", "an item"),
    Relation(
        "wm:configuration",
        "What the shop, or a customer, goes by.",
        "a configuration",
    ),
    Relation("wm:users", "Who may do what.", "a page of users"),
    Relation("wm:user", "One user by its id.", "a user"),
    Relation(ROOT, "Where every walk begins.", "the root"),
    Relation(CORRECTED, "The request without what was wrong.", "what was meant"),
)
EXTENSIONS: Mapping[str, Relation] = {each.slug: each for each in _EXTENSIONS}
"""The service's own relations by the name that stands in their description's path."""


def extension(slug: str) -> str:
    """The name of an own relation, such as `wm:books`; it must be in the table."""
    return EXTENSIONS[slug].name
