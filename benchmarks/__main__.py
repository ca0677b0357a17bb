"""`make bench`: CPU per request of Waymark, beside the hand-written ceiling's.

Rounds are interleaved, so that what else the machine does strikes both alike; a ratio
is the median of the rounds' own ratios.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.cases import Case, Load, Servers, cases
from benchmarks.database import PROJECT, fresh_copy
from benchmarks.driver import load
from benchmarks.servers import pin, running
from benchmarks.statements import statements_of

_CONNECTIONS = 8
_LINE = "{:<22} {:>9} {:>9}  {:<11} {:>6} {:>7}  {}"


def main() -> None:
    """Measure every case and print a table."""
    options = _options()
    begin = time.monotonic()
    everywhere = os.sched_getaffinity(0)
    print(
        f"{options.rounds} rounds of {options.requests:,} requests, "
        f"{_CONNECTIONS} connections, one worker; CPU µs per request\n"
    )
    print(
        _LINE.format("case", "Waymark", "base", "base is", "ratio", "target", "holds")
    )
    with (
        tempfile.TemporaryDirectory(prefix="waymark-bench-") as name,
        ExitStack() as on,
    ):
        directory = Path(name)
        url = fresh_copy(directory)
        core = min(everywhere)
        pin({core})
        servers = _start(on, url, directory)
        pin(everywhere - {core} or everywhere)
        for case in cases(servers):
            print(_row(case, options.rounds, options.requests), flush=True)
        print(_statements_row(url))
    print(f"\n{time.monotonic() - begin:.0f} seconds")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=700, help="in a round")
    parser.add_argument("--quick", action="store_true", help="5 rounds of 300")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.requests = 5, 300
    return options


def _start(on: ExitStack, url: str, directory: Path) -> Servers:
    waymark = str(PROJECT / "gunicorn.conf.py")
    ceiling = str(PROJECT / "benchmarks" / "gunicorn_ceiling.conf.py")
    quiet, loud = {"WAYMARK_ACCESS_LOG": "false"}, {"WAYMARK_ACCESS_LOG": "true"}
    return Servers(
        on.enter_context(running("waymark", waymark, url, directory, **quiet)),
        on.enter_context(running("logging", waymark, url, directory, **loud)),
        on.enter_context(
            running(
                "uncached", waymark, url, directory, **quiet, WAYMARK_PAGE_CACHE="0"
            )
        ),
        on.enter_context(running("ceiling", ceiling, url, directory, **quiet)),
    )


def _row(case: Case, rounds: int, requests: int) -> str:
    loads = [each for each in (case.load, case.base) if each is not None]
    for each in loads:
        _cost(each, requests // 3)
    taken: list[list[float]] = [[] for _ in loads]
    for number in range(rounds):
        places = range(len(loads))
        for place in places if number % 2 else reversed(places):
            taken[place].append(_cost(loads[place], requests))
    if case.base is None:
        return _LINE.format(case.name, f"{median(taken[0]):.1f}", *[""] * 5).rstrip()
    ratio = median(ours / base for ours, base in zip(*taken, strict=True))
    return _LINE.format(
        case.name,
        f"{median(taken[0]):.1f}",
        f"{median(taken[1]):.1f}",
        case.base_name,
        f"{ratio:.2f}",
        "" if case.target is None else f"<= {case.target}",
        "" if case.target is None else _told(holds=ratio <= case.target),
    ).rstrip()


def _cost(each: Load, requests: int) -> float:
    """CPU microseconds that the server took for each request."""
    before = each.server.cpu()
    load(each.server, each.requests, requests, _CONNECTIONS, each.status)
    return (each.server.cpu() - before) / requests


def _statements_row(url: str) -> str:
    small, large = (statements_of(url, f"/books?limit={n}") for n in (1, 200))
    return _LINE.format(
        "SQL, limit 200 and 1",
        large,
        small,
        "statements",
        f"{large / small:.2f}",
        "same",
        _told(holds=large == small),
    )


def _told(*, holds: bool) -> str:
    return "yes" if holds else "NO"


if __name__ == "__main__":
    sys.exit(main())
