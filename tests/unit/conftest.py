"""A connection to a migrated database on which a test's writes do not last."""

import shutil

import pytest

from api.storage.engine import sqlite_engine
from tests.unit.builders import undone


@pytest.fixture(scope="session")
def database(empty_database, tmp_path_factory):
    path = shutil.copy(empty_database, tmp_path_factory.mktemp("unit") / "unit.db")
    engine = sqlite_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def connection(database):
    with undone(database):
        yield database


@pytest.fixture
def url(empty_database, tmp_path):
    return f"sqlite:///{shutil.copy(empty_database, tmp_path / 'own.db')}"
