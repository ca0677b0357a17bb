"""A migrated database, the application on it, and a client that checks every answer."""

import shutil
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from api.app import create_app
from api.settings import Settings
from api.storage.migrations import migrate
from tests.client import Client


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    path = tmp_path_factory.mktemp("database") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def module_settings():
    """Settings without a database, to be completed."""
    return Settings(access_log=False, audit_log=False)


@pytest.fixture
def settings(empty_database: Path, tmp_path: Path):
    path = shutil.copy(empty_database, tmp_path / "shop.db")
    return Settings(database_url=f"sqlite:///{path}", access_log=False, audit_log=False)


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
