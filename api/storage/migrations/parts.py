"""What many migrations create alike: stamps, indexes, full text of SQLite."""

import sqlalchemy as sa
from alembic import op


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
        op.create_index(f"ix_{table}_{column}_{serial}", table, [column, serial])


def create_fulltext(table: str, serial: str, columns: tuple[str, ...]) -> None:
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
