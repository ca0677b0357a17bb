"""Health: whether a process lives, and whether it should be sent requests.

Answers are `application/health+json` (draft-inadarei-api-health-check-06): a status,
and what was looked at for it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from api import __version__

PASS, FAIL = "pass", "fail"
_PATIENCE = 2
"""Seconds after which a database that does not answer counts as away."""


class Health(NamedTuple):
    """What is told of the health, and the status with which it is answered."""

    told: dict[str, Any]
    status: HTTPStatus


class Draining:
    """Whether this process is about to stop, so that it should get no new requests."""

    def __init__(self) -> None:
        self.has_begun = False

    def begin(self) -> None:
        """From here on readiness fails, while requests are still answered."""
        self.has_begun = True


DRAINING = Draining()
"""That of this process; its server begins it."""


def liveness() -> Health:
    """That the process answers at all."""
    return _health({})


async def readiness(is_current: Callable[[], Awaitable[bool]]) -> Health:
    """Whether requests should be sent here.

    `is_current` tells whether the database has the form that this version needs, for
    which it may take two seconds.
    """
    begin = time.perf_counter()
    try:
        async with asyncio.timeout(_PATIENCE):
            migrations = PASS if await is_current() else FAIL
        database = PASS
    except Exception:  # noqa: BLE001 - whatever it is, requests would meet it too
        migrations = database = FAIL
    spent = round((time.perf_counter() - begin) * 1000, 3)
    stopping = FAIL if DRAINING.has_begun else PASS
    return _health(
        {
            "database:responseTime": {
                "componentType": "datastore",
                "observedValue": spent,
                "observedUnit": "ms",
                "status": database,
            },
            "database:migrations": {"componentType": "datastore", "status": migrations},
            "process:draining": {"componentType": "component", "status": stopping},
        }
    )


def _health(checks: dict[str, dict[str, Any]]) -> Health:
    failed = any(each["status"] == FAIL for each in checks.values())
    told: dict[str, Any] = {"status": FAIL if failed else PASS, "version": __version__}
    if checks:
        told["checks"] = {name: [each] for name, each in checks.items()}
    return Health(told, HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK)
