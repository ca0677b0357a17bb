"""What a plan asks of a driver, and what it gets for it.

A plan is a generator: it yields steps, is sent outcomes, and returns its result. It
knows no sockets, so one plan serves the blocking and the asynchronous driver.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from httpx2 import Headers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request with an absolute URI."""

    method: str
    uri: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def with_headers(self, **headers: str) -> "Request":
        """The same with more fields; `if_match` is `If-Match`."""
        named = {name.replace("_", "-").title(): headers[name] for name in headers}
        merged = {**self.headers, **named}
        return Request(self.method, self.uri, merged, self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, read to its end."""

    status: int
    headers: Headers
    body: bytes
    uri: str

    @property
    def is_success(self) -> bool:
        """Whether the request was done."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of statuses

    @property
    def media_type(self) -> str:
        """The type of the body in small letters, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def is_json(response: Response) -> bool:
    """Whether the body says that it is one JSON text."""
    kind = response.media_type
    return kind == "application/json" or kind.endswith("+json")


@dataclass(frozen=True, slots=True)
class Failure:
    """No response: the connection was cut, or never made, or too slow.

    Where `was_sent` is false the server can't have seen the request.
    """

    reason: str
    was_sent: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Open:
    """Send the request and read the head of the response alone."""

    request: Request


@dataclass(frozen=True, slots=True)
class Stream:
    """A response whose body has not been read."""

    head: Response
    handle: object


@dataclass(frozen=True, slots=True)
class More:
    """Read the next part of the body; an empty one is the end."""

    stream: Stream


@dataclass(frozen=True, slots=True)
class Leave:
    """Read no more of the body."""

    stream: Stream


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A walk has come to the next of its values."""

    value: T


Step: TypeAlias = Request | Pause | Open | More | Leave
Outcome: TypeAlias = Response | Failure | Stream | bytes | None
Plan: TypeAlias = Generator[Step, Outcome, T]
Walk: TypeAlias = Generator[Step | Found[T], Outcome, None]


class Course(Generic[T]):
    """A plan on its way: the step to do next, or none and the result."""

    def __init__(self, plan: Generator[T, Outcome, object]) -> None:
        self._plan = plan
        self.result: object = None
        self.step: T | None = None
        self.take(None)

    def take(self, outcome: Outcome) -> None:
        """Hand in what came of the step, and go on to the next."""
        try:
            self.step = self._plan.send(outcome)
        except StopIteration as end:
            self.step, self.result = None, end.value

    def stop(self) -> None:
        """End the plan before its end."""
        self._plan.close()
