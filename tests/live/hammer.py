"""Writes items through `Storage` for some seconds, then prints how many.

A process of `test_races.py`: `python hammer.py URL NAME SECONDS`.
"""

import asyncio
import sys
import time

from api.models.item import ITEM
from api.storage import rows
from api.storage.engine import Storage


async def write_items(storage, name, seconds):
    """Write in four tasks until the time is over; the number of items."""
    end = time.monotonic() + seconds

    async def write(task):
        count = 0
        while time.monotonic() < end:
            values = {"key": f"{name}-{task}-{count}", "value": count}
            await storage.write(rows.insert, ITEM, values)
            count += 1
        return count

    return sum(await asyncio.gather(*[write(task) for task in range(4)]))


if __name__ == "__main__":
    url, name, seconds = sys.argv[1:]
    storage = Storage(url)
    print(asyncio.run(write_items(storage, name, float(seconds))))  # noqa: T201
    storage.close()
