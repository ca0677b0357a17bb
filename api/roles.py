"""Who asks, and what may be asked: roles, callers, and the one rule about them."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class Role(StrEnum):
    """What a caller may do: each role may do what those before it may."""

    STRANGER = "stranger"
    VISITOR = "visitor"
    READER = "reader"
    EDITOR = "editor"
    ADMIN = "admin"

    @cached_property
    def rank(self) -> int:
        """How many roles may do less."""
        return list(Role).index(self)


GRANTED = (Role.READER, Role.EDITOR, Role.ADMIN)
"""The roles that can be given to a user.

Who shows no token is a stranger, or a visitor where the server lets everyone read.
"""

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Belonging(StrEnum):
    """Whose the resources of a noun are."""

    SHOP = "shop"
    CUSTOMER = "customer"
    """They are the customers themselves."""
    OF_CUSTOMER = "of customer"
    """They belong to a customer each."""


class Access(NamedTuple):
    """The least roles that may read and write resources, and whose those are."""

    read: Role = Role.READER
    write: Role = Role.EDITOR
    belonging: Belonging = Belonging.SHOP


class Rights(NamedTuple):
    """What a caller may do. Who `is_bound` stands for one customer alone."""

    role: Role
    is_bound: bool = False

    def see(self, access: Access) -> bool:
        """Whether it may be known that there are such resources."""
        is_own = access.belonging is not Belonging.SHOP
        return not self.is_bound or is_own or access.read.rank <= Role.VISITOR.rank

    def may(self, method: str, access: Access) -> bool:
        """Whether the method may be used on such resources.

        Who is bound to a customer changes nothing of the shop's, and makes no customer.
        """
        if method in READING:
            return self.role.rank >= access.read.rank and self.see(access)
        if self.is_bound:
            is_own = access.belonging is not Belonging.SHOP
            makes_customer = access.belonging is Belonging.CUSTOMER and method == "POST"
            if not is_own or makes_customer:
                return False
        return self.role.rank >= access.write.rank


EVERYTHING = Rights(Role.ADMIN)


@dataclass(frozen=True)
class Caller:
    """Who asks; without authentication nobody has a name.

    `customer` is the id of the one customer for whom the caller stands, if any.
    """

    role: Role
    name: str | None = None
    customer: int | None = None

    @cached_property
    def rights(self) -> Rights:
        """What the caller may do."""
        return Rights(self.role, self.customer is not None)

    @cached_property
    def tag(self) -> str:
        """What tells what this caller is shown from what others are shown.

        It is the same for all callers of a role, so a new token changes nothing.
        """
        if self.customer is not None:
            return f"{self.role}-{self.customer}"
        return "" if self.role is Role.ADMIN else str(self.role)


ANYONE = Caller(Role.ADMIN)
"""Whoever reaches a server without authentication, which is bound to loopback."""
