"""Tasks: the table."""

import sqlalchemy as sa

from api.models.base import FullText, Model, Truth, keyed_table

TASKS = keyed_table(
    "tasks",
    "id",
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("complete", Truth, nullable=False),
)
for _column in ("description", "complete", "created", "updated"):
    sa.Index(None, TASKS.c[_column], TASKS.c.serial)

TASK = Model("task", TASKS, fulltext=FullText("tasks_fulltext", ("description",)))
