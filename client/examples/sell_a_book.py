"""Sell a book: from the root to the delivery, by relations and forms alone."""

import sys

from waymark_client import Waymark

STEPS = ("wm:placement", "wm:payment", "wm:shipment", "wm:delivery")


def sell(url: str) -> str:
    """The status of an order at its end."""
    with Waymark(url) as shop:
        books = shop["wm:books"]
        book = books.form("new").submit(title="Emma", author="Jane Austen")
        products = shop["wm:products"]
        products.form("new").submit(
            sku=f"emma-{book.state['id']}",
            name="Emma, in cloth",
            price="12.90",
            currency="EUR",
            stock=3,
            book=book.state["id"],
        )
        customers = shop["wm:customers"]
        email = f"ada{book.state['id']}@example.org"
        ada = customers.form("new").submit(name="Ada", email=email)
        order = ada.form("wm:orders").submit(note="A present")
        adding = order.form("wm:lineitems")
        emma = adding.options("product", q=f"emma-{book.state['id']}")[0]
        adding.submit(product=emma.value, quantity=2)
        for step in STEPS:
            order.refresh().form(step).submit()
        book["wm:reviews"].form("new").submit(rating=5, reviewer="Ada")
        return str(order.refresh().state["status"])


if __name__ == "__main__":
    print(sell(sys.argv[1]))
