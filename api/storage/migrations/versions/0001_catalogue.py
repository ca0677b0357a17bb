"""The catalogue, its reviews, tasks, items, and what keeps house for them."""

import sqlalchemy as sa
from alembic import op

from api.storage.migrations.functions import create_functions
from api.storage.migrations.parts import (
    create_fulltext,
    create_index,
    create_indexes,
    is_postgresql,
    remember_serials,
    serial_column,
    stamps,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    if is_postgresql():
        create_functions()
        op.create_table(
            "serials",
            sa.Column("name", sa.Text, primary_key=True),
            sa.Column("last", sa.Integer, nullable=False),
        )
    op.create_table(
        "books",
        serial_column("books", "id"),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("isbn", sa.Text),
        sa.Column("published", sa.Integer),
        sa.Column("language", sa.Text),
        sa.Column("publisher", sa.Text),
        sa.Column("pages", sa.Integer),
        sa.Column("subjects", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("gutenberg_id", sa.Integer),
        sa.Column("rating", sa.Integer),
        sa.Column("reviews", sa.Integer, nullable=False, server_default="0"),
        sa.Column("title_sort", sa.Text, nullable=False),
        sa.Column("author_sort", sa.Text, nullable=False),
        *stamps(),
        sa.UniqueConstraint("isbn", name="uq_books_isbn"),
        sa.UniqueConstraint("gutenberg_id", name="uq_books_gutenberg_id"),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    book_sorts = ("title_sort", "author_sort", "author", "published", "language")
    book_sorts += ("publisher", "pages", "rating", "reviews", "created", "updated")
    create_indexes("books", book_sorts, "id")
    if is_postgresql():
        # The indexes of its unique constraints have nulls at the other end.
        create_indexes("books", ("isbn", "gutenberg_id"), "id")
    create_fulltext("books", "id", ("title", "author", "subjects", "description"))
    op.create_table(
        "reviews",
        serial_column("reviews", "id"),
        sa.Column(
            "book",
            sa.Integer,
            sa.ForeignKey("books.id", name="fk_reviews_book", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("rating", sa.Integer, nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("reviewer", sa.Text),
        *stamps(),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    create_index("ix_reviews_book_id", "reviews", ["book", "id"])
    for column in ("rating", "reviewer", "created", "updated"):
        name = f"ix_reviews_book_{column}_id"
        create_index(name, "reviews", ["book", column, "id"])
    op.create_table(
        "tasks",
        serial_column("tasks", "serial"),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("complete", sa.Integer, nullable=False),
        *stamps(),
        sa.UniqueConstraint("id", name="uq_tasks_id"),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    create_indexes("tasks", ("complete", "created", "updated"), "serial")
    create_fulltext("tasks", "serial", ("description",))
    op.create_table(
        "items",
        serial_column("items", "serial"),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        *stamps(),
        sa.UniqueConstraint("key", name="uq_items_key"),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    create_indexes("items", ("created", "updated"), "serial")
    op.create_table(
        "counters",
        sa.Column("collection", sa.Text, primary_key=True),
        sa.Column("owner", sa.Integer, primary_key=True),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "receipts",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_receipts_created", "receipts", ["created"])
    op.create_table(
        "loads",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("books", sa.Integer, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    remember_serials(
        {"books": "id", "reviews": "id", "tasks": "serial", "items": "serial"}
    )
