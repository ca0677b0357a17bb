"""SELECTs that SQLAlchemy compiles once for each engine, whose driver runs them.

`Connection.execute` costs more than most of our queries (12 to 20 µs): it looks up the
compiled form and wraps the rows at each call. Here both are done once per statement.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from api.storage.transactions import POSTGRESQL, Snapshot

_DIALECT = sqlite.dialect(paramstyle="qmark")

Rows: TypeAlias = Generator[list[Any], None, None]
"""Rows some at a time; what they are read by is open until it is closed."""


class _Form:
    """A statement as one engine's driver takes it."""

    def __init__(self, statement: sa.Select[Any], dialect: sa.Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        # A list of values has another length at each call, so it is compiled then.
        self.is_variable = bool(compiled.post_compile_params)
        self.sql = str(compiled)
        self.names = compiled.positiontup
        self.constants = {
            name: value for name, value in compiled.params.items() if value is not None
        }
        self.converted = tuple(compiled._bind_processors.items())  # noqa: SLF001


class Prepared:
    """A SELECT whose rows are named tuples of what the columns' types give."""

    def __init__(self, statement: sa.Select[Any]) -> None:
        self._statement = statement
        form = _Form(statement, _DIALECT)
        self._forms = {_DIALECT.name: form}
        self._is_variable = form.is_variable
        self._plain, self._record = _recorders(statement)

    def first(self, connection: sa.Connection, binds: Mapping[str, Any]) -> Any:
        """The first row, or None.

        Raises:
            OperationalError: the database can't be read, as SQLAlchemy tells it.
        """
        row = self._run(connection, binds).fetchone()
        return None if row is None else self._record(row)

    def all(self, connection: sa.Connection, binds: Mapping[str, Any]) -> list[Any]:
        """Every row.

        Raises:
            OperationalError: the database can't be read, as SQLAlchemy tells it.
        """
        if self._is_variable:
            return [*map(self._plain, connection.execute(self._statement, dict(binds)))]
        return [*map(self._record, self._run(connection, binds).fetchall())]

    def some(
        self, connection: sa.Connection, binds: Mapping[str, Any], number: int
    ) -> Rows:
        """Every row, up to `number` at a time, as the database comes to them.

        Raises:
            OperationalError: the database can't be read, as SQLAlchemy tells it.
        """
        if connection.dialect.name == POSTGRESQL:
            yield from self._some_of_server(connection, binds, number)
        elif self._is_variable:
            with connection.execute(self._statement, dict(binds)) as result:
                for found in result.partitions(number):
                    yield [*map(self._plain, found)]
        else:
            with closing(self._run(connection, binds)) as cursor:
                while found := self._fetched(cursor, number):
                    yield [*map(self._record, found)]

    def _some_of_server(
        self, connection: sa.Connection, binds: Mapping[str, Any], number: int
    ) -> Rows:
        """The same by a cursor of the server, which lives in a transaction."""
        options = {"stream_results": True, "max_row_buffer": number}
        with (
            Snapshot(connection),
            connection.execute(
                self._statement, dict(binds), execution_options=options
            ) as result,
        ):
            for found in result.partitions(number):
                yield [*map(self._plain, found)]

    def _fetched(self, cursor: sqlite3.Cursor, number: int) -> list[Any]:
        try:
            return cursor.fetchmany(number)
        except sqlite3.DatabaseError as ex:
            raise sa.exc.OperationalError(str(self._statement), None, ex) from ex

    def _run(self, connection: sa.Connection, binds: Mapping[str, Any]) -> Any:
        form = self._forms.get(connection.dialect.name) or self._compiled(connection)
        driver: Any = connection.connection.dbapi_connection
        values = {**form.constants, **binds} if form.constants else binds
        if form.converted:
            values = dict(values)
            for name, convert in form.converted:
                values[name] = convert(values[name])
        arguments: Any = values
        if form.names is not None:
            # The driver knows them by their places.
            arguments = [values[name] for name in form.names]
        try:
            return driver.execute(form.sql, arguments)
        except driver.DatabaseError as ex:
            # What was asked for may be a secret, and errors are logged.
            raise sa.exc.OperationalError(form.sql, None, ex) from ex

    def _compiled(self, connection: sa.Connection) -> _Form:
        dialect = connection.dialect
        form = self._forms[dialect.name] = _Form(self._statement, dialect)
        return form


_Record = Callable[[Any], Any]


def _recorders(statement: sa.Select[Any]) -> tuple[_Record, _Record]:
    """Two functions from a row to a named tuple; the second one converts its values."""
    columns = list(statement.selected_columns)
    # mypy wants to know the names; only the statement does.
    record: Any = namedtuple("Record", [column.name for column in columns])  # type: ignore[misc]
    names: dict[str, Any] = {"Record": record, "new": tuple.__new__}
    values = [f"value{place}" for place in range(len(columns))]
    converted = list(values)
    for place, column in enumerate(columns):
        kind: Any = column.type.dialect_impl(_DIALECT)
        convert = kind.result_processor(_DIALECT, None)
        if convert is not None:
            names[f"convert{place}"] = convert
            converted[place] = f"convert{place}({values[place]})"
    if converted == values:
        return record._make, record._make
    # The source holds nothing but the places of columns.
    source = (
        f"def make(row):\n  {', '.join(values)}, = row\n"
        f"  return new(Record, ({', '.join(converted)},))\n"
    )
    exec(source, names)  # noqa: S102 - compiled once for each statement
    return record._make, names["make"]
