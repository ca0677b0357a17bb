"""A migrated database, the application on it, and a client that checks every answer."""

import shutil
from dataclasses import replace
from ipaddress import ip_network

import pytest

from api.app import create_app
from api.settings import Settings
from api.storage.migrations import migrate
from tests.client import Client
from tests.postgresql import running_postgresql

_NAME = "shop"


def pytest_addoption(parser):
    parser.addoption(
        "--postgresql", action="store_true", help="run on PostgreSQL, not on SQLite"
    )


def pytest_generate_tests(metafunc):
    """What is marked so runs on both engines, wherever it has a database."""
    is_marked = metafunc.definition.get_closest_marker("both_engines")
    if "engine" in metafunc.fixturenames and is_marked:
        one_only = metafunc.config.getoption("postgresql")
        engines = ["postgresql"] if one_only else ["sqlite", "postgresql"]
        metafunc.parametrize("engine", engines, scope="session")


def pytest_collection_modifyitems(config, items):
    """What looks into SQLite itself is left out on another engine."""
    if config.getoption("postgresql"):
        reason = pytest.mark.skip(reason="it is about SQLite itself")
        for each in items:
            if each.get_closest_marker("sqlite_only"):
                each.add_marker(reason)


@pytest.fixture(scope="session")
def engine(pytestconfig):
    """The engine of a test's database."""
    return "postgresql" if pytestconfig.getoption("postgresql") else "sqlite"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    path = tmp_path_factory.mktemp("database") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql():
    """A server of PostgreSQL."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def shared_database(postgresql):
    """The URL of a migrated database that every test finds empty."""
    return postgresql.migrated(_NAME)


@pytest.fixture
def database_url(engine, request, tmp_path):
    """The URL of an empty database in its newest form."""
    if engine == "postgresql":
        url = request.getfixturevalue("shared_database")
        request.getfixturevalue("postgresql").empty(_NAME)
        return url
    empty = request.getfixturevalue("empty_database")
    return f"sqlite:///{shutil.copy(empty, tmp_path / 'shop.db')}"


@pytest.fixture(scope="session")
def module_settings():
    """Settings without a database, to be completed."""
    return Settings(access_log=False, audit_log=False)


@pytest.fixture
def settings(database_url):
    return Settings(database_url=database_url, access_log=False, audit_log=False)


@pytest.fixture
def client(settings):
    return Client(create_app(settings))


@pytest.fixture
def mounted(settings):
    """A client whose requests come from a proxy that is trusted."""
    everyone = (ip_network("0.0.0.0/0"),)
    app = create_app(replace(settings, trusted_proxies=everyone))
    return Client(app, client_address="192.0.2.1")


@pytest.fixture
def strict_client(settings):
    """A client of a server that wants every change to be conditional."""
    return Client(create_app(replace(settings, require_if_match=True)))
