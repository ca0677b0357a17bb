"""The database's history: each step of its form, and how to take it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from api.storage.opening import engine_at


class NotReady(Exception):
    """The database can't be served from now."""


class NotReachable(NotReady):
    """The database can't be opened; tells why."""

    def __init__(self, error: Exception) -> None:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        super().__init__(f"the database can't be reached: {reason}")
        self.reason = reason


class NotCurrent(NotReady):
    """The database does not have the form that this version of the service needs."""

    def __init__(self) -> None:
        super().__init__(
            "the database is not up to date; run: .venv/bin/python -m api migrate"
        )


def migrate(url: str) -> None:
    """Bring the database to the newest form; nothing happens where it has it.

    Raises:
        NotReachable: it can't be opened.
    """
    with _connected(url) as connection:
        if not is_current(connection):
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def require_current(url: str) -> None:
    """Make sure that the database has the newest form.

    Raises:
        NotReachable: it can't be opened.
        NotCurrent: it has not; says how to bring it there.
    """
    with _connected(url) as connection:
        if not is_current(connection):
            raise NotCurrent


@contextmanager
def _connected(url: str) -> Iterator[sa.Connection]:
    try:
        engine = engine_at(url)
        connection = engine.connect()
    except (sa.exc.SQLAlchemyError, ValueError) as ex:
        raise NotReachable(ex) from ex
    try:
        with connection:
            yield connection
    finally:
        engine.dispose()


def is_current(connection: sa.Connection) -> bool:
    """Whether the database has the newest form."""
    return MigrationContext.configure(connection).get_current_revision() == _newest()


@lru_cache(maxsize=1)
def _newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
