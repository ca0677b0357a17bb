"""Tokens: kept, listed, revoked, and found together with who uses them.

Of a token nothing is known here but its digest.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from api.models.base import now
from api.models.token import TOKENS
from api.models.user import USERS
from api.roles import Caller, Role
from api.storage.prepared import Prepared

_FIND = Prepared(
    sa.select(
        TOKENS.c.id,
        TOKENS.c.digest,
        TOKENS.c.user,
        TOKENS.c.role,
        TOKENS.c.used,
        USERS.c.role.label("user_role"),
        USERS.c.customer,
    )
    .select_from(TOKENS.outerjoin(USERS, USERS.c.name == TOKENS.c.user))
    .where(
        TOKENS.c.digest == sa.bindparam("digest"),
        TOKENS.c.revoked.is_(None),
        sa.or_(TOKENS.c.expires.is_(None), TOKENS.c.expires > sa.bindparam("moment")),
    )
)
_ROLE = sa.select(USERS.c.role).where(USERS.c.name == sa.bindparam("name"))
_LIST = sa.select(TOKENS).order_by(TOKENS.c.id)
_REVOKE = (
    sa.update(TOKENS)
    .where(TOKENS.c.id == sa.bindparam("number"))
    .values(revoked=sa.func.coalesce(TOKENS.c.revoked, sa.bindparam("moment")))
)
_NOTE_USE = (
    sa.update(TOKENS)
    .where(
        TOKENS.c.id == sa.bindparam("number"),
        sa.func.coalesce(TOKENS.c.used, "") < sa.bindparam("day"),
    )
    .values(used=sa.bindparam("day"))
)


@dataclass(frozen=True, slots=True)
class NewToken:
    """What is kept of a new token; without `expires` it is valid until it is revoked.

    `user` is the name of who uses it, be it a user's or not.
    """

    digest: str
    beginning: str
    user: str
    role: Role
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A valid token: who shows it, and the day of its last use, if it was used."""

    id: int
    digest: str
    caller: Caller
    used: str | None


def keep_token(connection: sa.Connection, token: NewToken) -> int:
    """The id under which the token is now kept."""
    values = {**asdict(token), "created": now()}
    inserted = connection.execute(sa.insert(TOKENS).returning(TOKENS.c.id), values)
    number: int = inserted.scalar_one()
    return number


def find_token(
    connection: sa.Connection, digest: str, moment: str
) -> FoundToken | None:
    """The token that is valid at the moment, or None.

    Its user may do what both the token's and the user's own role allow. Where no user
    has the name, only the token's role counts.
    """
    row = _FIND.first(connection, {"digest": digest, "moment": moment})
    if row is None:
        return None
    role = Role(row.role)
    if row.user_role is not None:
        role = min(role, Role(row.user_role), key=attrgetter("rank"))
    return FoundToken(
        row.id, row.digest, Caller(role, row.user, row.customer), row.used
    )


def role_of_user(connection: sa.Connection, name: str) -> Role | None:
    """The role of the user of that name, or None where there is none."""
    role = connection.scalar(_ROLE, {"name": name})
    return None if role is None else Role(role)


def list_tokens(connection: sa.Connection) -> Sequence[Any]:
    """The rows of all tokens, the oldest first."""
    return connection.execute(_LIST).all()


def state_of(row: Any, moment: str) -> str:
    """Whether the token of a row is valid, expired or revoked, as that word."""
    if row.revoked is not None:
        return "revoked"
    if row.expires is not None and row.expires <= moment:
        return "expired"
    return "valid"


def revoke_token(connection: sa.Connection, number: int) -> bool:
    """Whether there is such a token; it is revoked now, or has long been."""
    revoked = connection.execute(_REVOKE, {"number": number, "moment": now()})
    return revoked.rowcount == 1


def note_use(connection: sa.Connection, number: int, day: str) -> None:
    """Note that the token was used on the day, unless it was used on a later one."""
    connection.execute(_NOTE_USE, {"number": number, "day": day})
