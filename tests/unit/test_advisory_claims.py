"""Claims on idempotency keys that PostgreSQL keeps, for all processes and nodes."""

import asyncio
from contextlib import closing

import pytest
import sqlalchemy as sa

from api.errors import RequestInProgress, Unavailable
from api.storage.advisory_claims import AdvisoryClaims
from api.storage.opening import engine_at

_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def engine(shared_database):
    return engine_at(shared_database)


@pytest.fixture
def claims(engine):
    with closing(AdvisoryClaims(engine)) as made:
        yield made


@pytest.fixture
def others(engine):
    """The claims of another process."""
    with closing(AdvisoryClaims(engine)) as made:
        yield made


async def is_free(claims, key):
    try:
        async with claims.hold(key):
            return True
    except RequestInProgress:
        return False


def test_a_key_is_held_by_one_at_a_time(claims, others):
    async def use():
        async with claims.hold("k"):
            held = [await is_free(each, "k") for each in (claims, others)]
            apart = await is_free(others, "another")
        return held, apart, [await is_free(each, "k") for each in (claims, others)]

    assert asyncio.run(use()) == ([False, False], True, [True, True])


def test_a_key_is_free_again_when_its_connection_is_lost(claims, others, engine):
    async def use():
        async with claims.hold("k"):
            with engine.connect() as connection:
                connection.execute(sa.text(_END_OTHERS))
            freed = await is_free(others, "k")
        return freed, await is_free(claims, "k")

    assert asyncio.run(use()) == (True, True)


def test_what_was_held_is_free_when_the_claims_are_closed(claims, others):
    async def use():
        held = claims.hold("k")
        await held.__aenter__()
        claims.close()
        return await is_free(others, "k")

    assert asyncio.run(use()) is True


def test_where_no_database_answers_nothing_is_held(caplog):
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    with closing(AdvisoryClaims(engine_at(nowhere))) as claims:
        for _ in range(2):
            with pytest.raises(Unavailable):
                asyncio.run(is_free(claims, "k"))
    assert "can't be claimed" in caplog.text
