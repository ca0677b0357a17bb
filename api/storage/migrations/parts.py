"""What many migrations create alike: keys, stamps, indexes, full text."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op


def is_postgresql() -> bool:
    """Whether it is PostgreSQL that is migrated, and not SQLite."""
    return op.get_bind().dialect.name == "postgresql"


def serial_column(table: str, name: str) -> sa.Column[int]:
    """The column of the numbers that the database gives, none of them twice.

    A write that fails uses up no number, which one of PostgreSQL's sequences would.
    """
    if not is_postgresql():
        return sa.Column(name, sa.Integer, primary_key=True)
    op.execute(
        f"CREATE FUNCTION next_of_{table}() RETURNS bigint LANGUAGE plpgsql"
        f" AS $$ BEGIN RETURN 1 + greatest(0, (SELECT max({name}) FROM {table}),"
        f" (SELECT last FROM serials WHERE name = '{table}')); END $$"
    )
    given = sa.text(f"next_of_{table}()")
    return sa.Column(
        name, sa.Integer, primary_key=True, autoincrement=False, server_default=given
    )


def remember_serials(serials: Mapping[str, str]) -> None:
    """Let the numbers of rows that are removed be known, by table and column."""
    for table, column in serials.items() if is_postgresql() else ():
        op.execute(
            f"CREATE FUNCTION last_of_{table}() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN INSERT INTO serials VALUES ('{table}', old.{column})"
            " ON CONFLICT (name) DO UPDATE SET last = excluded.last"
            " WHERE serials.last < excluded.last; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER last_of_{table} AFTER DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION last_of_{table}()"
        )


def stamps() -> list[sa.Column[object]]:
    """The columns that every noun has: its version, when it was made and written."""
    return [
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("updated", sa.Text, nullable=False),
    ]


def create_indexes(table: str, columns: tuple[str, ...], serial: str) -> None:
    """An index for each column that clients sort by, ties in the order of arrival."""
    for column in columns:
        create_index(f"ix_{table}_{column}_{serial}", table, [column, serial])


def create_index(
    name: str, table: str, columns: list[str], *, unique: bool = False
) -> None:
    """An index in which a null is less than all else, as SQLite has it."""
    if not is_postgresql():
        op.create_index(name, table, columns, unique=unique)
        return
    told = sa.inspect(op.get_bind()).get_columns(table)
    nullable = {each["name"] for each in told if each["nullable"]}
    ordered: list[sa.ColumnElement[Any] | str] = [
        sa.column(each).nulls_first() if each in nullable else each for each in columns
    ]
    op.create_index(name, table, ordered, unique=unique)


def create_fulltext(table: str, serial: str, columns: tuple[str, ...]) -> None:
    """An index of the words in the columns, the heading first."""
    if is_postgresql():
        _create_vectors(table, columns)
    else:
        _create_fts5(table, serial, columns)


def _create_vectors(table: str, columns: tuple[str, ...]) -> None:
    """A column of all words, which PostgreSQL makes anew with each write."""
    weights = ["A", *[""] * (len(columns) - 1)]
    vectors = [
        f"search_vector({column}, '{weight}')"
        for column, weight in zip(columns, weights, strict=True)
    ]
    # No word is a dot; it keeps phrases from reaching into the next column.
    whole = " || '.\\:1'::tsvector || ".join(vectors)
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN fulltext tsvector"
        f" GENERATED ALWAYS AS ({whole}) STORED"
    )
    op.execute(f"CREATE INDEX ix_{table}_fulltext ON {table} USING gin (fulltext)")


def _create_fts5(table: str, serial: str, columns: tuple[str, ...]) -> None:
    """An FTS5 index over the table's own text, kept by triggers."""
    name = f"{table}_fulltext"
    listed = ", ".join(columns)
    old = ", ".join(f"old.{column}" for column in columns)
    new = ", ".join(f"new.{column}" for column in columns)
    forget = (
        f"INSERT INTO {name}({name}, rowid, {listed})"
        f" VALUES ('delete', old.{serial}, {old});"
    )
    learn = f"INSERT INTO {name}(rowid, {listed}) VALUES (new.{serial}, {new});"
    op.execute(
        f"CREATE VIRTUAL TABLE {name} USING fts5({listed}, content='{table}',"
        f" content_rowid='{serial}', tokenize='unicode61 remove_diacritics 2')"
    )
    for event, body in (
        ("INSERT", learn),
        ("DELETE", forget),
        (f"UPDATE OF {listed}", f"{forget} {learn}"),
    ):
        op.execute(
            f"CREATE TRIGGER {name}_{event.split()[0].lower()} AFTER {event}"
            f" ON {table} BEGIN {body} END"
        )
