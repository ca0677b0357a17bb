"""The database's history: each step of its form, and how to take it."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from api.storage.engine import sqlite_engine


def migrate(url: str) -> None:
    """Bring the database to the newest form; nothing happens where it has it."""
    engine = sqlite_engine(url)
    try:
        with engine.connect() as connection:
            if not is_current(connection):
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    finally:
        engine.dispose()


def is_current(connection: sa.Connection) -> bool:
    """Whether the database has the newest form."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
