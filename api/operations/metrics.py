"""Metrics for Prometheus: what was asked, how it was answered, how long that took.

Routes are counted by their templates, never by paths. With several processes each
writes its own files in a folder, and whoever is asked adds them up: its own counts are
exact, those of the others at most `FLUSH_SECONDS` old.
"""

import asyncio
import os
from bisect import bisect_left
from collections import Counter as Multiset
from typing import Any

import falcon.asgi
import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from api.operations.processes import MULTIPROCESS
from api.protocol.request import METHODS, ApiRequest

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
_NOWHERE = "none"
FLUSH_SECONDS = 1.0
"""How long counts wait in a process before the others can see them."""

_registry = CollectorRegistry()
_requests = Counter(
    "waymark_requests",
    "Requests by route, method, status and format of the answer.",
    ("route", "method", "status", "format"),
    registry=_registry,
)
_latency = Histogram(
    "waymark_request_seconds",
    "Seconds from the head of a request to the head of its answer.",
    ("route", "method"),
    buckets=SECONDS,
    registry=_registry,
)
_problems = Counter(
    "waymark_problems", "Problems by type.", ("type",), registry=_registry
)
_groups = Histogram(
    "waymark_write_group_size",
    "Writes that were committed together.",
    buckets=_SIZES,
    registry=_registry,
)
_waiting = Gauge(
    "waymark_writes_waiting",
    "Writes that wait for the writer.",
    multiprocess_mode="livesum",
    registry=_registry,
)
_connections = Gauge(
    "waymark_database_connections",
    "Connections to PostgreSQL, and how many of them are used now.",
    ("state",),
    multiprocess_mode="livesum",
    registry=_registry,
)
_open, _in_use = (_connections.labels(state) for state in ("open", "in_use"))


_Labels = tuple[str, str, int, str]


class _Tallies:
    """What answers took, by their labels, until it is counted all at once.

    Counting each at once would take a tenth of the time that a 304 takes.
    """

    def __init__(self) -> None:
        self._seconds: dict[_Labels, list[float]] = {}
        # Looking a child up by its labels costs as much as counting with it.
        self._children: dict[_Labels, tuple[Counter, Histogram]] = {}
        self._flushes_in: asyncio.AbstractEventLoop | None = None

    def add(self, labels: _Labels, seconds: float) -> None:
        """Note one answer; it is counted within `FLUSH_SECONDS`."""
        found = self._seconds.get(labels)
        if found is None:
            found = self._seconds[labels] = []
        found.append(seconds)
        loop = asyncio.get_running_loop()
        if self._flushes_in is not loop:
            self._flushes_in = loop
            loop.call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Count all that was noted."""
        self._flushes_in = None
        for labels, noted in self._seconds.items():
            if noted:
                counter, histogram = self._children_of(labels)
                counter.inc(len(noted))
                observe_all(histogram, noted)
                noted.clear()

    def _children_of(self, labels: _Labels) -> tuple[Counter, Histogram]:
        found = self._children.get(labels)
        if found is None:
            route, method, status, format_ = labels
            found = self._children[labels] = (
                _requests.labels(route, method, str(status), format_),
                _latency.labels(route, method),
            )
        return found


def observe_all(histogram: Any, amounts: list[float]) -> None:
    """Do what `observe` does with each amount, with one addition for each bucket.

    The buckets' bounds are `SECONDS`.
    """
    histogram._sum.inc(sum(amounts))  # noqa: SLF001 - it has no public way for many
    for bucket, number in Multiset(
        bisect_left(SECONDS, amount) for amount in amounts
    ).items():
        histogram._buckets[bucket].inc(number)  # noqa: SLF001


_tallies = _Tallies()


def note_answer(req: ApiRequest, resp: falcon.asgi.Response, seconds: float) -> None:
    """Count an answer and the seconds that it took."""
    method = req.method if req.method in METHODS else _NOWHERE
    route = req.uri_template or _NOWHERE
    _tallies.add((route, method, resp.status_code, req.variant.format.name), seconds)


async def publish() -> None:
    """Let the other processes see all that this one has counted."""
    _tallies.flush()


def note_problem(slug: str) -> None:
    """Count a problem of the type."""
    _problems.labels(slug).inc()


def note_group(size: int, waiting: int) -> None:
    """Count a group of writes that was committed, and those that wait for the next."""
    _groups.observe(size)
    _waiting.set(waiting)


def note_connections(opened: int, used: int) -> None:
    """Count connections to PostgreSQL that were opened or closed, taken or left."""
    if opened:
        _open.inc(opened)
    if used:
        _in_use.inc(used)


def exposition() -> bytes:
    """All that was counted, by every process, as Prometheus reads it."""
    _tallies.flush()
    if os.environ.get(MULTIPROCESS):
        whole = CollectorRegistry()
        collector: Any = MultiProcessCollector
        collector(whole)
        return prometheus_client.generate_latest(whole)
    return prometheus_client.generate_latest(_registry)
