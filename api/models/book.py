"""Books: the table, and what is derived from a book's values."""

import sqlalchemy as sa

from api.models.base import (
    FullText,
    Json,
    Known,
    Model,
    Tenths,
    Values,
    numbered_table,
    order_key,
)

BOOKS = numbered_table(
    "books",
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("isbn", sa.Text, unique=True),
    sa.Column("published", sa.Integer),
    sa.Column("language", sa.Text),
    sa.Column("publisher", sa.Text),
    sa.Column("pages", sa.Integer),
    sa.Column("subjects", Json, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("gutenberg_id", sa.Integer, unique=True),
    sa.Column("rating", Tenths),
    sa.Column("reviews", sa.Integer, nullable=False, server_default="0"),
    sa.Column("title_sort", sa.Text, nullable=False),
    sa.Column("author_sort", sa.Text, nullable=False),
)
for _column in (
    "title_sort",
    "author_sort",
    "author",
    "published",
    "language",
    "publisher",
    "pages",
    "rating",
    "reviews",
    "created",
    "updated",
):
    sa.Index(None, BOOKS.c[_column], BOOKS.c.id)


def derive(values: Values, known: Known) -> Values:
    """The values with the texts that sort by title and by author.

    A book of the catalogue keeps its "Last, First" as long as its author stays.
    """
    present = known.present
    if present is not None and present.author == values["author"]:
        author_sort = present.author_sort
    else:
        author_sort = order_key(str(values.get("author_sort", values["author"])))
    return {
        **values,
        "title_sort": order_key(values["title"]),
        "author_sort": author_sort,
    }


BOOK = Model(
    "book",
    BOOKS,
    fulltext=FullText("books_fulltext", ("title", "author", "subjects", "description")),
    sort_columns={"title": "title_sort", "author": "author_sort"},
    derive=derive,
)
