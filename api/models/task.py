"""Tasks: the table."""

import sqlalchemy as sa

from api.models.base import FullText, Model, Truth, keyed_table

TASKS = keyed_table(
    "tasks",
    "id",
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("complete", Truth, nullable=False),
)
# A description may be longer than what an index of PostgreSQL holds.
for _column in ("complete", "created", "updated"):
    sa.Index(None, TASKS.c[_column], TASKS.c.serial)

TASK = Model("task", TASKS, fulltext=FullText("tasks_fulltext", ("description",)))
