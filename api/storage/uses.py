"""Rows that refer to others, which therefore have to stay."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from api.errors import InUse, Place
from api.models.base import Model
from api.storage.prepared import Prepared

_USERS_TOLD = 20


def require_unused(
    connection: sa.Connection, model: Model, row: Any, models: Sequence[Model]
) -> None:
    """Make sure that no row of the models refers to the row.

    Raises:
        InUse: one does; tells where.
    """
    key = getattr(row, model.serial.name)
    referring = [
        (user, name)
        for user in models
        for name, target in user.references.items()
        if target is model
    ]
    for user, name in referring:
        users = _users(user, name).all(connection, {"key": key})
        if users:
            raise InUse(
                f"There are {user.name} whose {name} is {key!r}.",
                users=_where_used(user, name, key, users),
            )


def _where_used(
    user: Model, name: str, key: object, users: Sequence[Any]
) -> Sequence[Place]:
    """The collection of those that use the key, or some of them if it has none."""
    if name == user.owner:
        return [Place(user.opened_at, (key,))]
    if user.parent is None:
        return [Place(user.name, query=(name, str(key)))]
    return [Place(user.noun, tuple(each)) for each in users]


@lru_cache(maxsize=256)
def _users(user: Model, name: str) -> Prepared:
    refers = user.column(name) == sa.bindparam("key")
    keys = [user.column(each) for each in (user.owner, user.key) if each]
    told = sa.select(*keys).where(refers).order_by(user.serial).limit(_USERS_TOLD)
    return Prepared(told)
