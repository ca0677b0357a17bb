"""What belongs to customers: who stands for one of them sees nothing of the others'."""

from collections.abc import Mapping

from api.documents import KINDS
from api.documents.kind import OWNER, Kind
from api.resources.base import keys_in
from api.roles import Belonging, Caller
from api.storage import rows
from api.storage.engine import Storage
from api.storage.query import Filter, Operator

_OWNED = tuple(
    kind
    for kind in KINDS
    if kind.stands_alone and kind.access.belonging is not Belonging.SHOP
)
"""The nouns of customers that are found by their own keys alone."""


class Ownership:
    """Knows what is whose."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def require(self, caller: Caller, params: Mapping[str, str]) -> None:
        """Refuse keys of a path that lead to what is another customer's.

        Raises:
            NotFound: in the same words as where there is nothing at the keys.
        """
        for kind in _OWNED:
            if kind.name in params:
                keys = keys_in((kind,), params)
                row = await self._storage.read(rows.find, kind.model, keys)
                if getattr(row, member_of_owner(kind)) != caller.customer:
                    raise rows.missing(kind.model, keys)


def member_of_owner(kind: Kind) -> str:
    """The member of a noun of customers that holds the customer's id."""
    return kind.model.key if kind.name == OWNER else OWNER


def own_only(caller: Caller, kind: Kind) -> tuple[Filter, ...]:
    """What a collection of all customers' must be narrowed to for the caller."""
    if caller.customer is None or kind not in _OWNED:
        return ()
    return (Filter(member_of_owner(kind), Operator.EQ, caller.customer),)
