"""Who asks, and what may be asked: callers, roles, and the one rule about them."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a caller may do: each role may do what those before it may."""

    READER = "reader"
    EDITOR = "editor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; without authentication nobody has a name."""

    role: Role
    name: str | None = None


ANYONE = Caller(Role.ADMIN)
"""Whoever reaches a server without authentication, which is bound to loopback."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_FOR_ADMINS = frozenset({"user"})
_WRITTEN_BY_ADMINS = frozenset({"user", "configuration"})


def may(role: Role, method: str, noun: str) -> bool:
    """Whether the role may use the method on resources of the noun."""
    if role is Role.ADMIN:
        return True
    if method in _READING:
        return noun not in _FOR_ADMINS
    return role is Role.EDITOR and noun not in _WRITTEN_BY_ADMINS
