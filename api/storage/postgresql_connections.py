"""Connections to PostgreSQL: how they are made, given up, and closed."""

from collections.abc import Generator
from contextlib import suppress
from math import inf
from time import monotonic
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from api.storage.limits import OnConnections, unheard
from api.storage.transactions import driver_of

T = TypeVar("T")

_CONNECT = {
    "application_name": "waymark",
    # A peer that vanished is noticed, whatever the network does.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# So the server notices too, and gives back the locks of a node that is gone.
_KEEPALIVE = (
    "SET tcp_keepalives_idle = 3;"
    " SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 2"
)
_LONGEST = 30.0
"""Seconds for which a statement may run where no other limit is set."""
_SHORTEST_CONNECT, _LONGEST_CONNECT = 2, 5
"""Seconds for each host; to the driver, nothing would mean more than two minutes."""
_CHECKED_EVERY = 0.1


class NoAnswer(psycopg.OperationalError):
    """The server did not answer in time, and the connection was closed."""


class LimitedConnection(psycopg.Connection[Any]):
    """A connection that waits for its server no longer than it may.

    A server that is stopped, or a network that swallows packets, leaves a connection
    that looks well. It is closed and nothing is cancelled, for a commit that waits for
    standbys would be kept without them.
    """

    seconds = inf
    """For how long each answer may take."""
    deadline = inf
    """When all of them must have come, by the monotonic clock."""
    told: OnConnections = staticmethod(unheard)

    def wait(
        self,
        gen: Generator[Any, Any, T],
        interval: float = _CHECKED_EVERY,
        timeout: float | None = None,
    ) -> T:
        """What the server answers.

        Raises:
            NoAnswer: it did not in time.
        """
        left = min(self.seconds, self.deadline - monotonic(), timeout or inf)
        limit = None if left == inf else max(left, 0)
        try:
            return super().wait(gen, interval, limit)
        except psycopg.errors._WaitTimeout as ex:  # noqa: SLF001 - it has no other name
            self.close()
            raise NoAnswer("the server does not answer") from ex

    def close(self) -> None:
        """Close it, if it is open or was lost."""
        told, self.told = self.told, unheard
        told(-1, 0)
        super().close()


def postgresql_engine(
    url: str, seconds: float = inf, on_connections: OnConnections = unheard
) -> sa.Engine:
    """An engine whose connections begin no transaction by themselves.

    The server may take so many seconds for each answer. `prepare_threshold=none` in the
    URL is for PgBouncer, which in transaction mode gives each transaction to another
    connection that has nothing prepared.
    """
    parsed = sa.make_url(url)
    # A host that hangs must leave time enough for those named behind it.
    hosts = parsed.normalized_query.get("host", [""])
    shared = int(min(_LONGEST_CONNECT, seconds / (len(hosts) + 1)))
    patience = max(_SHORTEST_CONNECT, shared)
    wanted = {"connect_timeout": patience, **_CONNECT}
    arguments: dict[str, Any] = {
        name: value for name, value in wanted.items() if name not in parsed.query
    }
    threshold = parsed.query.get("prepare_threshold")
    if threshold is not None:
        parsed = parsed.difference_update_query(["prepare_threshold"])
        number = str(threshold)
        arguments["prepare_threshold"] = int(number) if number.isdigit() else None
    engine = sa.create_engine(
        parsed,
        poolclass=NullPool,
        # Whoever is done closes, and the server undoes what was not committed.
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        connect_args=arguments,
        use_native_hstore=False,
        # Errors are logged, and what was asked for may be a secret.
        hide_parameters=True,
    )
    # The server is a little quicker to give up, and then the connection is kept.
    longest = round(min(_LONGEST, seconds * 0.9) * 1000)
    session = f"SET statement_timeout = {longest}; {_KEEPALIVE}"

    def connect(_dialect: Any, _record: Any, words: Any, names: Any) -> Any:
        driver = LimitedConnection.connect(*words, autocommit=True, **names)
        driver.seconds = seconds
        try:
            driver.execute(session, prepare=False)
        except psycopg.Error:
            driver.close()
            raise
        driver.told = on_connections
        on_connections(1, 0)
        return driver

    sa.event.listen(engine, "do_connect", connect)
    return engine


def is_lost(connection: sa.Connection) -> bool:
    """Whether the server can't be reached by the connection any more."""
    return connection.closed or connection.invalidated or driver_of(connection).closed


def discard(connection: sa.Connection) -> None:
    """Close a connection, in whichever state it is."""
    # One that SQLAlchemy knows to be lost has no driver any more.
    with suppress(psycopg.Error, sa.exc.SQLAlchemyError):
        driver_of(connection).close()
    with suppress(psycopg.Error, sa.exc.SQLAlchemyError):
        connection.invalidate()
    with suppress(psycopg.Error, sa.exc.SQLAlchemyError):
        connection.close()
