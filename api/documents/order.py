"""Orders: what an order's document says beyond its members, and what it offers."""

from typing import Any

from api.documents.customer import CUSTOMER
from api.documents.kind import Kind, Linker
from api.hypermedia import relations
from api.hypermedia.document import Link, Links
from api.models.order import ORDER as MODEL
from api.models.order_life import Step, allowed_steps
from api.uris import Uris
from schemas.order import OrderSchema


def order_linker(uris: Uris) -> Linker:
    """An order leads to its customer and to the steps that have happened to it."""
    customer_at = uris.maker("customer")
    steps_at = {step: uris.maker(step) for step in Step}

    def link(order: Any) -> Links:
        links: Links = {relations.CUSTOMER: Link(customer_at((order.customer,)))}
        if order.taken:
            links[relations.RELATED] = [
                Link(steps_at[step]((order.id,)), title=f"The {step}")
                for step in order.taken
            ]
        return links

    return link


ORDER = Kind(
    MODEL,
    OrderSchema,
    parent=CUSTOMER,
    linker=order_linker,
    offers=allowed_steps,
    is_replaceable=False,
)
