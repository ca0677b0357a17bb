"""A hundred books at once, each by its own request."""

import asyncio
import sys

from waymark_client import AsyncWaymark


async def titles(url: str, count: int = 100) -> list[str]:
    """The titles of the first so many books."""
    async with AsyncWaymark(url) as shop:
        root = await shop.root()
        wanted = [root.follow("wm:book", id=number + 1) for number in range(count)]
        return [book.state["title"] for book in await asyncio.gather(*wanted)]


print(len(asyncio.run(titles(sys.argv[1]))))
