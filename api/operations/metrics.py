"""Metrics for Prometheus: what was asked, how it was answered, how long that took.

Routes are counted by their templates, never by paths. With several processes each
writes its own files in a folder, and whoever is asked adds them up.
"""

import os
from typing import Any

import falcon.asgi
import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from api.operations.processes import MULTIPROCESS
from api.protocol.request import METHODS, ApiRequest

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
_NOWHERE = "none"

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
    buckets=_SECONDS,
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


class Metrics:
    """Counts the answers of this process."""

    def __init__(self) -> None:
        # Looking a child up by its labels costs as much as counting with it.
        self._counters: dict[tuple[str, str, int, str], tuple[Counter, Histogram]] = {}

    def note(self, req: ApiRequest, resp: falcon.asgi.Response, seconds: float) -> None:
        """Count an answer and the seconds that it took."""
        key = (
            req.uri_template or _NOWHERE,
            req.method if req.method in METHODS else _NOWHERE,
            resp.status_code,
            req.variant.format.name,
        )
        found = self._counters.get(key)
        if found is None:
            route, method, status, format_ = key
            found = self._counters[key] = (
                _requests.labels(route, method, str(status), format_),
                _latency.labels(route, method),
            )
        counter, histogram = found
        counter.inc()
        histogram.observe(seconds)


def note_problem(slug: str) -> None:
    """Count a problem of the type."""
    _problems.labels(slug).inc()


def note_group(size: int, waiting: int) -> None:
    """Count a group of writes that was committed, and those that wait for the next."""
    _groups.observe(size)
    _waiting.set(waiting)


def exposition() -> bytes:
    """All that was counted, by every process, as Prometheus reads it."""
    if os.environ.get(MULTIPROCESS):
        whole = CollectorRegistry()
        collector: Any = MultiProcessCollector
        collector(whole)
        return prometheus_client.generate_latest(whole)
    return prometheus_client.generate_latest(_registry)
