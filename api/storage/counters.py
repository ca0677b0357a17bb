"""Totals and versions of collections: kept with each write, never counted."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from api.models.base import Model
from api.models.housekeeping import COUNTERS
from api.storage.prepared import Prepared


class Count(NamedTuple):
    """How many members a collection has, the number of its last change, and when."""

    total: int
    version: int
    updated: str | None


class Change(NamedTuple):
    """The number of a collection's last change, and how many were ever added to it."""

    version: int
    added: int


NONE_YET = Count(0, 0, None)
NO_OWNER = 0

_COUNT = Prepared(
    sa.select(COUNTERS.c.total, COUNTERS.c.version, COUNTERS.c.updated).where(
        COUNTERS.c.collection == sa.bindparam("collection"),
        COUNTERS.c.owner == sa.bindparam("owner"),
    )
)
_COUNTS = sa.select(
    COUNTERS.c.owner, COUNTERS.c.total, COUNTERS.c.version, COUNTERS.c.updated
).where(
    COUNTERS.c.collection == sa.bindparam("collection"),
    COUNTERS.c.owner.in_(sa.bindparam("owners", expanding=True)),
)
_FORGET = sa.delete(COUNTERS).where(
    COUNTERS.c.collection == sa.bindparam("name"),
    COUNTERS.c.owner == sa.bindparam("parent"),
)
_new = insert(COUNTERS).values(
    collection=sa.bindparam("collection"),
    owner=sa.bindparam("owner"),
    total=sa.bindparam("added"),
    version=sa.bindparam("changes"),
    updated=sa.bindparam("now"),
    added=sa.bindparam("entered"),
)
_BUMP = _new.on_conflict_do_update(
    index_elements=[COUNTERS.c.collection, COUNTERS.c.owner],
    set_={
        "total": COUNTERS.c.total + _new.excluded.total,
        "version": COUNTERS.c.version + _new.excluded.version,
        "updated": _new.excluded.updated,
        "added": COUNTERS.c.added + _new.excluded.added,
    },
).returning(COUNTERS.c.version, COUNTERS.c.added)


def count_of(connection: sa.Connection, model: Model, owner: int = NO_OWNER) -> Count:
    """The count of a collection; of one that never had a member, `NONE_YET`."""
    row = _COUNT.first(connection, {"collection": model.name, "owner": owner})
    return NONE_YET if row is None else Count(*row)


def counts_of(
    connection: sa.Connection, model: Model, owners: Sequence[int]
) -> dict[int, Count]:
    """The count of each owner's collection, in one statement."""
    binds = {"collection": model.name, "owners": list(owners)}
    found = dict.fromkeys(owners, NONE_YET)
    for owner, *count in connection.execute(_COUNTS, binds):
        found[owner] = Count(*count)
    return found


def bump(
    connection: sa.Connection,
    model: Model,
    owner: int,
    now: str,
    *,
    added: int = 0,
    changes: int = 1,
) -> Change:
    """Note changes to a collection that add members, or take some away."""
    values = {
        "collection": model.name,
        "owner": owner,
        "added": added,
        "changes": changes,
        "now": now,
        "entered": max(added, 0),
    }
    return Change(*connection.execute(_BUMP, values).one())


def forget(connection: sa.Connection, model: Model, owner: int) -> None:
    """Drop the count of a collection whose owner is gone."""
    connection.execute(_FORGET, {"name": model.name, "parent": owner})
