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
    """A relation: its name, its meaning, and what can be asked of the target."""

    name: str
    meaning: str
    leads_to: str
    methods: tuple[str, ...] = ("GET",)

    @property
    def slug(self) -> str:
        """The name without the prefix, as it stands in the description's path."""
        return self.name.removeprefix(f"{PREFIX}:")


_COLLECTION = ("GET", "POST")
_NUMBERED = ("GET", "PUT", "PATCH", "DELETE")
_CHANGEABLE = ("GET", "PATCH", "DELETE")
_STEP = ("GET", "PUT")
_CHOSEN = ("GET", "POST", "PUT", "PATCH", "DELETE")

_EXTENSIONS = (
    Relation("wm:books", "The catalogue.", "a page of books", _COLLECTION),
    Relation("wm:book", "One book by its id.", "a book", _NUMBERED),
    Relation("wm:reviews", "What readers say.", "a page of reviews", _COLLECTION),
    Relation("wm:review", "One review by its id.", "a review", _NUMBERED),
    Relation("wm:products", "What can be sold.", "a page of products", _COLLECTION),
    Relation("wm:product", "One product by its id.", "a product", _NUMBERED),
    Relation("wm:customers", "Who buys.", "a page of customers", _COLLECTION),
    Relation(CUSTOMER, "One customer by its id.", "a customer", _NUMBERED),
    Relation("wm:orders", "What was bought.", "a page of orders", _COLLECTION),
    Relation(ORDER, "One order by its id.", "an order", _CHANGEABLE),
    Relation(LINEITEMS, "What an order holds.", "a page of line items", _COLLECTION),
    Relation("wm:lineitem", "One line item by its number.", "a line item", _NUMBERED),
    Relation("wm:placement", "Orders what the draft holds.", "a placement", _STEP),
    Relation("wm:payment", "Pays the order's total.", "a payment", _STEP),
    Relation("wm:shipment", "Sends what was paid.", "a shipment", _STEP),
    Relation("wm:delivery", "Tells that it arrived.", "a delivery", _STEP),
    Relation("wm:cancellation", "Calls the order off.", "a cancellation", _STEP),
    Relation("wm:tasks", "The to-do list.", "a page of tasks", _COLLECTION),
    Relation("wm:task", "One task by its id.", "a task", _CHOSEN),
    Relation("wm:items", "The key-value store.", "a page of items", _COLLECTION),
    Relation("wm:item", "One item by its key.", "an item", _CHOSEN),
    Relation(
        "wm:configuration",
        "What the shop, or a customer, goes by.",
        "a configuration",
        _NUMBERED,
    ),
    Relation("wm:users", "Who may do what.", "a page of users", _COLLECTION),
    Relation("wm:user", "One user by its id.", "a user", _NUMBERED),
    Relation(ROOT, "Where every walk begins.", "the root"),
    Relation(CORRECTED, "The request without what was wrong.", "what was meant"),
)
EXTENSIONS: Mapping[str, Relation] = {each.slug: each for each in _EXTENSIONS}
"""The service's own relations by the name that stands in their description's path."""


def extension(slug: str) -> str:
    """The name of an own relation, such as `wm:books`; it must be in the table."""
    return EXTENSIONS[slug].name
