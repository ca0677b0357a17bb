"""What is asked for: each case is a kind of request to one server, beside another."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, cycle

from benchmarks.driver import Answer, ask, request
from benchmarks.servers import Server

_BOOKS = 200
_ITEMS = 8
_JSON = "Content-Type: application/json"


class Unequal(Exception):
    """Waymark and the ceiling do not answer the same, so a ratio would mean nothing."""


@dataclass(frozen=True)
class Load:
    """Requests to one server, and the status that each of them gets."""

    server: Server
    requests: Iterator[bytes]
    status: int = 200


@dataclass(frozen=True)
class Case:
    """A load of Waymark, what it is compared with, and how close it should come.

    Without a base the case is told for information; `base_name` says what the base is.
    """

    name: str
    load: Load
    base: Load | None
    base_name: str = "ceiling"
    target: float | None = None


@dataclass(frozen=True)
class Servers:
    """The servers that are compared."""

    waymark: Server
    logging: Server
    uncached: Server
    ceiling: Server


def cases(servers: Servers) -> list[Case]:
    """Every case, after the servers were found to answer the same.

    Raises:
        Unequal: they do not.
    """
    books = _some_books(servers.waymark)
    page = ["/books"]
    for path in (*books, *page):
        _require_equal(servers, path)
    return [
        _beside_ceiling("item", servers, books, target=1.5),
        _not_modified("item, 304", servers, books),
        _beside_ceiling("page of 20", servers, page, target=1.5),
        Case(
            "page of 20, not kept",
            Load(servers.uncached, _gets(page)),
            Load(servers.ceiling, _gets(page)),
            target=1.5,
        ),
        _not_modified("page of 20, 304", servers, page),
        _xml_beside_json(servers.uncached),
        _far_beside_first(servers.uncached),
        Case(
            "item, access log on",
            Load(servers.logging, _gets(books)),
            Load(servers.ceiling, _gets(books)),
        ),
        Case("PUT of an item", Load(servers.waymark, _puts(servers.waymark)), None, ""),
    ]


def _beside_ceiling(
    name: str, servers: Servers, paths: Sequence[str], target: float
) -> Case:
    return Case(
        name,
        Load(servers.waymark, _gets(paths)),
        Load(servers.ceiling, _gets(paths)),
        target=target,
    )


def _not_modified(name: str, servers: Servers, paths: Sequence[str]) -> Case:
    held = []
    for path in paths:
        etag = ask(servers.waymark, request("GET", path)).field("etag")
        held.append(request("GET", path, [f"If-None-Match: {etag}"]))
    for sent in held:
        _require_same(sent, servers, 304)
    return Case(
        name,
        Load(servers.waymark, cycle(held), 304),
        Load(servers.ceiling, cycle(held), 304),
        target=1.3,
    )


def _xml_beside_json(server: Server) -> Case:
    asking = request("GET", "/books", ["Accept: application/xml"])
    return Case(
        "XML page of 20",
        Load(server, cycle([asking])),
        Load(server, _gets(["/books"])),
        "JSON page",
        1.5,
    )


def _far_beside_first(server: Server) -> Case:
    """The last full page but one, found as a client finds it: `last`, then `prev`."""
    last = _link(ask(server, request("GET", "/books")), "last")
    far = _link(ask(server, request("GET", last)), "prev")
    return Case(
        "page at the far end",
        Load(server, _gets([far])),
        Load(server, _gets(["/books"])),
        "first page",
        1.2,
    )


def _gets(paths: Sequence[str]) -> Iterator[bytes]:
    return cycle([request("GET", path) for path in paths])


def _puts(server: Server) -> Iterator[bytes]:
    """Endless changes of a few items, none of them like the one before."""
    keys = [f"/items/bench-{number}" for number in range(_ITEMS)]
    for key in keys:
        created = ask(server, request("PUT", key, [_JSON], b'{"value":null}'))
        if created.status != 201:
            raise RuntimeError(f"PUT {key}: {created.status}")
    return (
        request("PUT", keys[number % _ITEMS], [_JSON], b'{"value":%d}' % number)
        for number in count()
    )


def _some_books(server: Server) -> list[str]:
    """Books from all over the catalogue, the same ones in each run."""
    total = json.loads(ask(server, request("GET", "/books")).body)["total"]
    chosen = random.Random(1).sample(range(1, total + 1), _BOOKS)
    return [f"/books/{number}" for number in chosen]


def _link(answer: Answer, rel: str) -> str:
    href: str = json.loads(answer.body)["_links"][rel]["href"]
    return href


def _require_equal(servers: Servers, path: str) -> None:
    _require_same(request("GET", path), servers, 200)


def _require_same(sent: bytes, servers: Servers, status: int) -> None:
    ours, theirs = ask(servers.waymark, sent), ask(servers.ceiling, sent)
    if ours.status != status or ours != theirs:
        one, other = str(ours), str(theirs)
        pairs = zip(one, other, strict=False)
        differing = (place for place, (a, b) in enumerate(pairs) if a != b)
        place = max(next(differing, 0) - 60, 0)
        raise Unequal(
            f"{sent!r}\nWaymark: …{one[place:][:200]}\nceiling: …{other[place:][:200]}"
        )
