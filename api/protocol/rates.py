"""How often a caller may ask, and what it is told of that.

The header fields are those of draft-ietf-httpapi-ratelimit-headers-11. Requests are
counted by sliding windows: see `docs/decisions/0028-limits.md`.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from limits import parse_many

from api.settings import Settings

MOST_CALLERS = 65_536
"""How many callers a process remembers; with two limits they take 30 MiB."""
PATIENCE = 0.25
"""Seconds that Redis has to answer, connecting included."""
PAUSE = 1.0
"""Seconds for which a Redis that failed is left alone."""
SILENCE = 10.0
"""Seconds between two warnings."""
LANES = 16
"""How many requests of a process ask Redis at once; the others wait for them."""
_log = logging.getLogger("waymark.rates")
_HERE = "memory:"

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `quota` requests in `window` seconds, under a name for headers."""

    name: str
    quota: int
    window: int

    @property
    def milliseconds(self) -> int:
        """The window in the unit in which is counted."""
        return self.window * 1000


@dataclass(frozen=True, slots=True)
class Rate:
    """Whether a request may be served, and what its caller is told.

    `headers` are RateLimit, RateLimit-Policy and, when refused, Retry-After; there are
    none where nothing was counted. `exceeded` names the limits that refuse it, and
    `retry_after` tells in how many seconds they no longer do, 0 if none does.
    """

    is_allowed: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    exceeded: tuple[str, ...] = ()
    retry_after: int = 0


UNCOUNTED = Rate()
"""For requests where there is no limit, or nothing that counts."""


class Rates:
    """Counts the requests of each caller, and refuses those beyond the limits.

    All limits hold. A refused request is counted by none of them. In memory each
    process counts for itself and allows its share: the limit divided by the number of
    processes, rounded down, but at least one. Headers tell this share, since a caller
    that stays on its connection stays with the process: what it is told is then what
    it gets, and over several connections it never gets more than the whole limit
    (unless that is less than one for each process). In Redis all processes and nodes
    count together.
    """

    def __init__(
        self,
        settings: Settings,
        now: Clock = time.monotonic,
        most_callers: int = MOST_CALLERS,
        patience: float = PATIENCE,
    ) -> None:
        is_here = settings.rate_limit_storage.startswith(_HERE)
        self._limits = _limits(
            settings.rate_limit, shares=settings.workers if is_here else 1
        )
        self._policy = ", ".join(
            f'"{each.name}";q={each.quota};w={each.window}' for each in self._limits
        )
        self._counts: _CountsHere | _CountsInRedis
        if is_here:
            self._counts = _CountsHere(self._limits, now, most_callers)
        else:
            url = settings.rate_limit_storage
            self._counts = _CountsInRedis(url, self._limits, now, patience)

    @property
    def are_limited(self) -> bool:
        """Whether there are any limits, so that it matters who asks."""
        return bool(self._limits)

    async def hit(self, key: str) -> Rate:
        """Count a request of the caller that `key` names, unless it is refused.

        Only a hash of the key is kept, so a key may be anything that tells callers
        apart. A request is served uncounted while Redis can't be asked.
        """
        if not self._limits:
            return UNCOUNTED
        octets = key.encode("utf-8", "surrogatepass")
        taken = await self._counts.take(blake2b(octets, digest_size=16).digest())
        return UNCOUNTED if taken is None else self._rate(taken)

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._counts.close()

    def _rate(self, taken: "_Taken") -> Rate:
        told, exceeded, longest = [], [], 0
        for limit, window in zip(self._limits, taken.windows, strict=True):
            left = window.left(limit, taken.now)
            # Who keeps to `r` requests in `t` seconds is not refused.
            wait = window.rest if left else window.wait
            seconds = -(-wait(limit, taken.now) // 1000)
            told.append(f'"{limit.name}";r={left};t={seconds}')
            if not left:
                exceeded.append(limit.name)
                longest = max(longest, seconds)
        headers = {"RateLimit": ", ".join(told), "RateLimit-Policy": self._policy}
        if taken.is_allowed:
            return Rate(headers=headers)
        headers["Retry-After"] = str(longest)
        return Rate(
            is_allowed=False,
            headers=headers,
            exceeded=tuple(exceeded),
            retry_after=longest,
        )


def _limits(text: str, *, shares: int) -> tuple[Limit, ...]:
    """The limits by growing windows; of those with one window only the strictest."""
    items = sorted(
        parse_many(text) if text else (),
        key=lambda item: (item.get_expiry(), -item.amount),
    )
    found: dict[int, Limit] = {}
    for item in items:
        times = f"{item.multiples}-" if item.multiples > 1 else ""
        name, window = times + item.GRANULARITY.name, item.get_expiry()
        found[window] = Limit(name, max(1, item.amount // shares), window)
    return tuple(found.values())


class _Window(NamedTuple):
    """What a caller asked within one limit, in a window that its first request began.

    `start` is in milliseconds; `before` is what was asked in the window before. Those
    requests are taken for evenly spread, the first of them at the very beginning, and
    each stops counting when it is as old as the window is long.
    """

    start: int
    asked: int = 0
    before: int = 0

    def at(self, limit: Limit, now: int) -> "_Window":
        """The window in which `now` is."""
        passed, length = now - self.start, limit.milliseconds
        if passed < length:
            return self
        if passed < 2 * length:
            return _Window(self.start + length, 0, self.asked)
        return _Window(now)

    def left(self, limit: Limit, now: int) -> int:
        """How many requests are left, at least 0."""
        passed = now - self.start
        old = self.before - 1 - self.before * passed // limit.milliseconds
        return max(0, limit.quota - self.asked - max(0, old))

    def rest(self, limit: Limit, now: int) -> int:
        """Milliseconds until the window ends."""
        return self.start + limit.milliseconds - now

    def wait(self, limit: Limit, now: int) -> int:
        """Milliseconds until one request is left, if now none is."""
        length = limit.milliseconds
        if self.asked < limit.quota:
            gone = self.before - (limit.quota - self.asked)
            return self.start - now - (-gone * length // self.before)
        # At the window's end its requests become those of the window before.
        gone = self.asked - limit.quota
        return self.rest(limit, now) - (-gone * length // self.asked)


class _Taken(NamedTuple):
    """Where a caller stands after its request, at `now` in milliseconds."""

    is_allowed: bool
    now: int
    windows: Sequence[_Window]


class _CountsHere:
    """Counts in this process, for the callers that asked last.

    The memory storage of limits 5.8 looks at all its keys at each request (30 ms with
    100,000 of them) and keeps them for two windows.
    """

    def __init__(self, limits: Sequence[Limit], now: Clock, most: int) -> None:
        self._limits, self._now, self._most = limits, now, most
        self._callers: OrderedDict[bytes, Sequence[_Window]] = OrderedDict()

    async def take(self, caller: bytes) -> _Taken:
        """Count a request with every limit or, if one refuses it, with none."""
        limits, now = self._limits, int(self._now() * 1000)
        windows = self._callers.get(caller) or [_Window(now)] * len(limits)
        pairs = [
            (limit, window.at(limit, now))
            for limit, window in zip(limits, windows, strict=True)
        ]
        is_allowed = all(window.left(limit, now) for limit, window in pairs)
        windows = tuple(
            _Window(start, asked + is_allowed, before)
            for _, (start, asked, before) in pairs
        )
        self._callers[caller] = windows
        self._callers.move_to_end(caller)
        if len(self._callers) > self._most:
            self._callers.popitem(last=False)
        return _Taken(is_allowed, now, windows)

    async def close(self) -> None:
        """Nothing is open here."""


# The same rule as in `_Window`, for all limits at once; KEYS[1] is a hash of a caller,
# ARGV quota and milliseconds of each limit. It is Redis' clock that counts.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local allowed, ends, reply, stored = 1, 0, {0, now}, {}
for i = 1, #ARGV, 2 do
  local quota, length = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  local names = {'start:' .. length, 'asked:' .. length, 'before:' .. length}
  local found = redis.call('HMGET', KEYS[1], unpack(names))
  local start, asked, before =
    tonumber(found[1]) or now, tonumber(found[2]) or 0, tonumber(found[3]) or 0
  local passed = now - start
  if passed < 0 or passed >= 2 * length then
    start, asked, before = now, 0, 0
  elseif passed >= length then
    start, asked, before = start + length, 0, asked
  end
  local old = before - 1 - math.floor(before * (now - start) / length)
  if asked + math.max(0, old) >= quota then allowed = 0 end
  ends = math.max(ends, start + 2 * length)
  for _, value in ipairs({start, asked, before}) do table.insert(reply, value) end
  table.insert(stored, names)
end
if allowed == 1 then
  reply[1] = 1
  for i, names in ipairs(stored) do
    local at = 3 * i
    reply[at + 1] = reply[at + 1] + 1
    redis.call('HSET', KEYS[1], names[1], reply[at], names[2], reply[at + 1],
      names[3], reply[at + 2])
  end
  redis.call('PEXPIREAT', KEYS[1], ends)
end
return reply
"""


class _CountsInRedis:
    """Counts in Redis or Valkey, all limits in one step and one round trip.

    If that fails or lasts too long, it is left alone for a while, after which one
    request at a time tries again.
    """

    def __init__(
        self, url: str, limits: Sequence[Limit], now: Clock, patience: float
    ) -> None:
        # It takes 0.1 s and 5 MiB, which only who sets a Redis shall pay.
        from redis import asyncio as redis  # noqa: PLC0415 - see above

        self._now, self._patience, self._failure = now, patience, redis.RedisError
        # A kept connection may be gone since it was used last: one more attempt, at
        # once, instead of three with up to ten seconds between them.
        self._redis: redis.Redis = redis.Redis.from_url(
            url.replace("valkey:", "redis:", 1),
            retry=None,
            retry_on_error=[redis.ConnectionError],
        )
        self._script = self._redis.register_script(_SCRIPT)
        self._arguments = [
            each for limit in limits for each in (limit.quota, limit.milliseconds)
        ]
        self._lanes = asyncio.Semaphore(LANES)
        self._resumes = self._warns = 0.0

    async def take(self, caller: bytes) -> _Taken | None:
        """The same; nothing if it could not be counted."""
        async with self._lanes:
            if self._is_resting():
                return None
            try:
                async with asyncio.timeout(self._patience):
                    reply = await self._script(
                        [f"waymark:rates:{caller.hex()}"], self._arguments
                    )
            except (self._failure, OSError) as ex:
                self._rest(ex)
                return None
        self._resumes = 0.0
        is_allowed, now, *numbers = reply
        windows = list(map(_Window, numbers[::3], numbers[1::3], numbers[2::3]))
        return _Taken(bool(is_allowed), now, windows)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _is_resting(self) -> bool:
        if not self._resumes:
            return False
        if self._now() < self._resumes:
            return True
        # This request tries again, those that come meanwhile do not wait for it.
        self._resumes = self._now() + PAUSE
        return False

    def _rest(self, ex: Exception) -> None:
        now = self._now()
        self._resumes = now + PAUSE
        if now >= self._warns:
            self._warns = now + SILENCE
            reason = str(ex) or f"there was no answer within {self._patience} s"
            _log.warning("Redis does not count, requests are served: %s", reason)
