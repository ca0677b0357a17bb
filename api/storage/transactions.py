"""How a transaction begins on each engine, and how one looks at its driver."""

from typing import Any

import sqlalchemy as sa

POSTGRESQL = "postgresql"
UNSETTLED = "waymark_unsettled"
"""The mark of a connection that reads what a failure may still undo."""

_SNAPSHOT = {
    "sqlite": "BEGIN",
    POSTGRESQL: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}


class Snapshot:
    """What is read inside is of one moment, however many statements it takes.

    On PostgreSQL the moment may have begun before, and then goes on behind.
    """

    __slots__ = ("_begin", "_driver", "_is_mine")

    def __init__(self, connection: sa.Connection) -> None:
        self._driver = driver_of(connection)
        name = connection.dialect.name
        self._begin = _SNAPSHOT[name]
        self._is_mine = name != POSTGRESQL or is_idle(connection)

    def __enter__(self) -> None:
        if self._is_mine:
            run(self._driver, self._begin)

    def __exit__(self, *_: object) -> None:
        if self._is_mine:
            run(self._driver, "COMMIT")


def driver_of(connection: sa.Connection) -> Any:
    """The driver's own connection, for what begins and ends transactions."""
    return connection.connection.dbapi_connection


def is_idle(connection: sa.Connection) -> bool:
    """Whether a connection to PostgreSQL is in no transaction."""
    return bool(driver_of(connection).info.transaction_status == 0)


def is_settled(connection: sa.Connection) -> bool:
    """Whether no failure can undo what is read."""
    return not connection.info.get(UNSETTLED)


def run(driver: Any, text: str) -> None:
    """Let the driver run a statement.

    Raises:
        OperationalError: it can't be run now, as SQLAlchemy tells it.
    """
    try:
        driver.execute(text)
    except driver.OperationalError as ex:
        raise sa.exc.OperationalError(text, None, ex) from ex
