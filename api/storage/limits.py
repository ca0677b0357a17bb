"""How long PostgreSQL may take, how many connections it is asked for, who is told."""

from collections.abc import Callable
from dataclasses import dataclass

OnConnections = Callable[[int, int], None]
"""Who is told how many connections more are open, and how many more are in use."""


def unheard(_opened: int, _used: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process may ask of PostgreSQL."""

    seconds: float = 15.0
    """For how long a read, a claim or a transaction may take."""
    connections: int = 18
    """The writer's, the claims', and the rest for reading: at least five."""
    on_connections: OnConnections = unheard

    @property
    def searches(self) -> int:
        """How many long searches run at once, and how many streams are read at once."""
        return max(1, (self.connections - 2) // 4)

    @property
    def reads(self) -> int:
        """How many other reads run at once."""
        return self.connections - 2 - 2 * self.searches


DEFAULT = Limits()
