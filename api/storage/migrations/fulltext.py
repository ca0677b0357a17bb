"""Full text indexes of SQLite, as migrations create them."""

from alembic import op


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
