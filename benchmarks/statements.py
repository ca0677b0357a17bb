"""How many SQL statements a page takes, counted by SQLite itself."""

import asyncio
from typing import Any

import sqlalchemy as sa
from falcon.testing import ASGIConductor

from api.app import create_app
from api.settings import Settings


def statements_of(url: str, path: str) -> int:
    """The statements that one GET takes, BEGIN and COMMIT among them."""
    return asyncio.run(_statements_of(url, path))


async def _statements_of(url: str, path: str) -> int:
    seen: list[str] = []

    def trace(connection: Any, _record: object) -> None:
        connection.set_trace_callback(seen.append)

    sa.event.listen(sa.Engine, "connect", trace)
    try:
        app = create_app(Settings(database_url=url, access_log=False, page_cache=0))
        async with ASGIConductor(app) as client:
            await client.get(path, host="localhost")
            # Only now is the connection open and prepared.
            seen.clear()
            answer = await client.get(path, host="localhost")
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status}")
            return len(seen)
    finally:
        sa.event.remove(sa.Engine, "connect", trace)
