"""A migrated database, the application on it, and a client that checks every answer.

With `--postgresql` the tests that have a database have one of PostgreSQL.
"""

import shutil
from dataclasses import replace
from ipaddress import ip_network

import pytest

from api.app import create_app
from api.settings import Settings
from api.storage.migrations import migrate
from tests.client import Client
from tests.postgresql import running_postgresql

_NAME, _SECOND = "shop", "module"


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
    """Another engine is of no matter to what has no database, or looks into SQLite."""
    if config.getoption("postgresql"):
        left_out = [each for each in items if not _is_for_postgresql(each)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = filter(_is_for_postgresql, items)


def _is_for_postgresql(item):
    return "engine" in item.fixturenames and not item.get_closest_marker("sqlite_only")


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


@pytest.fixture(scope="session")
def second_database(postgresql):
    """The URL of another one, for what the tests of a module share."""
    return postgresql.migrated(_SECOND)


@pytest.fixture(scope="module")
def module_database(engine, request, tmp_path_factory):
    """The URL of an empty database that a module's tests share."""
    if engine == "postgresql":
        url = request.getfixturevalue("second_database")
        request.getfixturevalue("postgresql").empty(_SECOND)
        return url
    empty = request.getfixturevalue("empty_database")
    folder = tmp_path_factory.mktemp("module")
    return f"sqlite:///{shutil.copy(empty, folder / 'shop.db')}"


@pytest.fixture
def copy_of_module(engine, request, module_database, database_url):
    """Gives the test's own database all that the module's holds."""
    if engine == "postgresql":
        server = request.getfixturevalue("postgresql")
        return lambda: server.copy(_SECOND, _NAME)
    files = [
        each.removeprefix("sqlite:///") for each in (module_database, database_url)
    ]
    return lambda: shutil.copy(*files)


@pytest.fixture
def database_url(engine, request, tmp_path):
    """The URL of an empty database in its newest form."""
    if engine == "postgresql":
        url = request.getfixturevalue("shared_database")
        request.getfixturevalue("postgresql").empty(_NAME)
        return url
    empty = request.getfixturevalue("empty_database")
    return f"sqlite:///{shutil.copy(empty, tmp_path / 'shop.db')}"


@pytest.fixture(scope="module")
def module_settings(module_database):
    """Settings of a service on the database that a module's tests share."""
    return Settings(database_url=module_database, access_log=False, audit_log=False)


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
