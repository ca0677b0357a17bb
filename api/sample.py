"""The sample shop: invented products, customers and orders, and nothing that is real.

Only the books that the products name by Gutenberg number exist. Names and notes say
that they are samples; addresses are at the domains that RFC 2606, section 3, reserves.
"""

from __future__ import annotations

from dataclasses import dataclass

DESCRIPTION = "Invented for the sample shop: there is no such edition."
NOTE = "Sample order"


@dataclass(frozen=True, slots=True)
class SampleProduct:
    """A product in the shop's currency; `stock` is what stands before any order."""

    sku: str
    name: str
    price: str
    stock: int
    gutenberg_id: int


@dataclass(frozen=True, slots=True)
class SampleCustomer:
    """A customer who does not exist, with all members but the id."""

    name: str
    email: str
    phone: str | None
    street: str | None
    city: str | None
    postal_code: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class SampleStep:
    """A step of an order by its name, and the members that it is taken with."""

    name: str
    members: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """An order: the customer's e-mail, SKUs with quantities, and the steps it took."""

    customer: str
    lines: tuple[tuple[str, int], ...] = ()
    steps: tuple[SampleStep, ...] = ()


PRODUCTS = (
    SampleProduct("SAMPLE-PRIDE", "Pride and Prejudice (sample)", "18.90", 12, 1342),
    SampleProduct("SAMPLE-MOBY", "Moby-Dick, cloth (sample)", "24.90", 8, 2701),
    SampleProduct("SAMPLE-FRANK", "Frankenstein, paper (sample)", "9.90", 20, 84),
    SampleProduct("SAMPLE-ALICE", "Alice in Wonderland (sample)", "16.50", 15, 11),
    SampleProduct("SAMPLE-HOLMES", "Sherlock Holmes, paper (sample)", "11.95", 9, 1661),
    SampleProduct("SAMPLE-CITIES", "A Tale of Two Cities (sample)", "8.99", 14, 98),
    SampleProduct("SAMPLE-DRACULA", "Dracula, paper (sample)", "10.10", 9, 345),
    SampleProduct("SAMPLE-PEACE", "War and Peace, boxed (sample)", "59.00", 3, 2600),
    SampleProduct("SAMPLE-DORIAN", "Dorian Gray, pocket (sample)", "7.45", 18, 174),
    SampleProduct("SAMPLE-MONTE", "Monte Cristo, boxed (sample)", "39.90", 2, 1184),
    SampleProduct("SAMPLE-KAFKA", "Metamorphosis, pocket (sample)", "4.05", 40, 5200),
    SampleProduct("SAMPLE-HEIGHTS", "Wuthering Heights (sample)", "21.00", 0, 768),
)

ADA, BRUNO = "sample.ada@example.org", "sample.bruno@example.com"
CHLOE, DANIEL = "sample.chloe@example.net", "sample.daniel@example.org"
CUSTOMERS = (
    SampleCustomer("Ada Sample", ADA, None, "1 Sample Row", "Sampleton", None, "GB"),
    SampleCustomer(
        "Bruno Beispiel", BRUNO, None, "Musterweg 2", "Musterstadt", "00000", "DE"
    ),
    SampleCustomer("Chloé Exemple", CHLOE, None, None, "Exempleville", "00000", "FR"),
    SampleCustomer("Daniel Placeholder", DANIEL, None, None, None, None, None),
)

_PLACED = (SampleStep("placement"),)
# Without an amount a payment is of the order's total.
_PAID = (
    *_PLACED,
    SampleStep("payment", (("method", "sample payment"), ("amount", None))),
)
_SHIPPED = (
    *_PAID,
    SampleStep("shipment", (("carrier", "Sample Carrier"), ("tracking", "SAMPLE-1"))),
)
_DELIVERED = (*_SHIPPED, SampleStep("delivery"))
_CANCELLATION = SampleStep("cancellation", (("reason", "Sample cancellation"),))

ORDERS = (
    SampleOrder(ADA),
    SampleOrder(BRUNO, (("SAMPLE-ALICE", 1), ("SAMPLE-DORIAN", 2))),
    SampleOrder(CHLOE, (("SAMPLE-PRIDE", 1), ("SAMPLE-MOBY", 1)), _PLACED),
    SampleOrder(ADA, (("SAMPLE-HOLMES", 3), ("SAMPLE-KAFKA", 2)), _PAID),
    SampleOrder(DANIEL, (("SAMPLE-PEACE", 1), ("SAMPLE-DORIAN", 1)), _SHIPPED),
    SampleOrder(BRUNO, (("SAMPLE-MONTE", 2), ("SAMPLE-DRACULA", 1)), _DELIVERED),
    SampleOrder(CHLOE, (("SAMPLE-FRANK", 5),), (*_PLACED, _CANCELLATION)),
    SampleOrder(DANIEL, (("SAMPLE-CITIES", 3),), (*_PAID, _CANCELLATION)),
)
