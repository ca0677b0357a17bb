"""Reviews: the table, and the statement that keeps a book's rating right."""

import sqlalchemy as sa

from api.models.base import Model, numbered_table
from api.models.book import BOOK, BOOKS

REVIEWS = numbered_table(
    "reviews",
    sa.Column("book", sa.ForeignKey(BOOKS.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("rating", sa.Integer, nullable=False),
    sa.Column("comment", sa.Text),
    sa.Column("reviewer", sa.Text),
)
sa.Index(None, REVIEWS.c.book, REVIEWS.c.id)
for _column in ("rating", "reviewer", "created", "updated"):
    sa.Index(None, REVIEWS.c.book, REVIEWS.c[_column], REVIEWS.c.id)

_count = sa.func.count(REVIEWS.c.id)
# PostgreSQL sums whole numbers up to one that need not be whole.
_sum = sa.cast(sa.func.sum(REVIEWS.c.rating), sa.Integer)
_of_the_book = REVIEWS.c.book == sa.bindparam("owner")
# The mean in tenths, rounded half up, in whole numbers: no float rounds differently.
_tenths = (20 * _sum + _count).op("/", precedence=8)(sa.func.nullif(2 * _count, 0))

KEEP_RATING = (
    sa.update(BOOKS)
    .where(BOOKS.c.id == sa.bindparam("owner"))
    .values(
        rating=sa.select(_tenths).where(_of_the_book).scalar_subquery(),
        reviews=sa.select(_count).where(_of_the_book).scalar_subquery(),
        version=sa.bindparam("version"),
        updated=sa.bindparam("now"),
    )
)

REVIEW = Model("review", REVIEWS, parent=BOOK, owner="book", ripple=KEEP_RATING)
