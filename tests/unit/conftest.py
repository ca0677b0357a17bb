"""A connection to a migrated database on which a test's writes do not last."""

import shutil

import pytest

from api.storage.opening import engine_at
from tests.unit.builders import undone


@pytest.fixture(scope="session")
def database(engine, request, tmp_path_factory):
    if engine == "postgresql":
        url = request.getfixturevalue("postgresql").migrated("undone")
    else:
        empty = request.getfixturevalue("empty_database")
        path = shutil.copy(empty, tmp_path_factory.mktemp("unit") / "unit.db")
        url = f"sqlite:///{path}"
    made = engine_at(url)
    with made.connect() as connection:
        yield connection
    made.dispose()


@pytest.fixture
def connection(database):
    with undone(database):
        yield database


@pytest.fixture
def url(database_url):
    return database_url
