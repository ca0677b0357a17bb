"""Fixtures of the tests that start real servers; the helpers stand beside this file."""

import sys
from pathlib import Path

import pytest

# A tool of ours ships a package named `tests`, which hides this folder's name.
sys.path.insert(0, str(Path(__file__).parent))

from liveserver import Server, copy_of, migrated


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """An empty database in its newest form, to be copied."""
    return migrated(tmp_path_factory.mktemp("template") / "shop.db")


@pytest.fixture
def database(template, tmp_path):
    """An empty database for one test."""
    return copy_of(template, tmp_path)


@pytest.fixture(scope="module")
def server(template, tmp_path_factory):
    """A running server for the tests of a module, which don't touch each other."""
    with Server(copy_of(template, tmp_path_factory.mktemp("module"))) as running:
        yield running


@pytest.fixture
def own_server(database):
    """A running server for one test, which may stop it, kill it and start it again."""
    with Server(database) as running:
        yield running
