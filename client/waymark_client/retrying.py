"""When a request may be sent again, and how long to wait before."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from waymark_client.exchange import Failure, Request, Response

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
TOO_MANY = 429
IN_PROGRESS = 409
_MAY_PASS = frozenset({TOO_MANY, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Retries:
    """How often, and how long: `patience` bounds the sum of all waiting, in seconds."""

    attempts: int = 6
    first_wait: float = 0.25
    longest_wait: float = 8
    patience: float = 60
    chance: Callable[[], float] = random.random
    clock: Callable[[], float] = time.time

    def wait_after(self, attempt: int, outcome: Response | Failure) -> float:
        """Seconds to wait: what the server says, or twice as long each time.

        Without the server's word a part is random, so that clients come apart.
        """
        told = (
            retry_after(outcome, self.clock())
            if isinstance(outcome, Response)
            else None
        )
        if told is not None:
            return told
        longest = min(self.longest_wait, self.first_wait * 2.0**attempt)
        return longest * (0.5 + self.chance() / 2)


def may_pass(request: Request, outcome: Response | Failure) -> bool:
    """Whether the next attempt could end otherwise."""
    if isinstance(outcome, Failure):
        return True
    # The first attempt with the same key may still be running.
    is_waiting = (
        outcome.status == IN_PROGRESS
        and "Idempotency-Key" in request.headers
        and (b"in-progress" in outcome.body or "retry-after" in outcome.headers)
    )
    return is_waiting or outcome.status in _MAY_PASS


def is_done_once(request: Request, outcome: Response | Failure) -> bool:
    """Whether the request, sent again, is done once whatever the server keeps."""
    if isinstance(outcome, Failure) and not outcome.was_sent:
        return True
    if isinstance(outcome, Response) and outcome.status in {TOO_MANY, IN_PROGRESS}:
        return True
    # The strong tag no longer matches once the first attempt was done.
    is_guarded = request.method == "PATCH" and "If-Match" in request.headers
    return is_guarded or request.method in IDEMPOTENT


def may_have_been_done(outcome: Response | Failure) -> bool:
    """Whether the request could have been done although it got no good answer."""
    if isinstance(outcome, Failure):
        return outcome.was_sent
    return outcome.status not in {TOO_MANY, IN_PROGRESS}


def retry_after(response: Response, now: float) -> float | None:
    """The seconds that the server wants to be left alone; None if it does not tell."""
    field = response.headers.get("retry-after", "")
    if field.isdecimal():
        return float(field)
    try:
        return max(0.0, parsedate_to_datetime(field).timestamp() - now)
    except (ValueError, TypeError):
        return None
