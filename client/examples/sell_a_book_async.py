"""Sell a book, asynchronously: the same, with `await` before what is sent."""

import asyncio
import sys

from waymark_client import AsyncWaymark

STEPS = ("wm:placement", "wm:payment", "wm:shipment", "wm:delivery")


async def sell(url: str) -> str:
    """The status of an order at its end."""
    async with AsyncWaymark(url) as shop:
        books = await shop["wm:books"]
        book = await books.form("new").submit(title="Emma", author="Jane Austen")
        products = await shop["wm:products"]
        await products.form("new").submit(
            sku=f"emma-{book.state['id']}",
            name="Emma, in cloth",
            price="12.90",
            currency="EUR",
            stock=3,
            book=book.state["id"],
        )
        customers = await shop["wm:customers"]
        email = f"ada{book.state['id']}@example.org"
        ada = await customers.form("new").submit(name="Ada", email=email)
        order = await ada.form("wm:orders").submit(note="A present")
        adding = order.form("wm:lineitems")
        emma = (await adding.options("product", q=f"emma-{book.state['id']}"))[0]
        await adding.submit(product=emma.value, quantity=2)
        for step in STEPS:
            await (await order.refresh()).form(step).submit()
        await (await book["wm:reviews"]).form("new").submit(rating=5, reviewer="Ada")
        return str((await order.refresh()).state["status"])


if __name__ == "__main__":
    print(asyncio.run(sell(sys.argv[1])))
