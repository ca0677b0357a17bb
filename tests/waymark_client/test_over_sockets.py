"""What hinders a request on a real connection, in both worlds."""

import asyncio
import time

import pytest

from tests.waymark_client.unreliable import Unreliable
from waymark_client import (
    AsyncWaymark,
    Interrupted,
    NotReached,
    Retries,
    TooManyRequests,
    Unavailable,
    VersionMismatch,
    Waymark,
)

AT_ONCE = Retries(first_wait=0)


def blocking(url, does, **options):
    """What comes of it, done with the blocking client."""
    with Waymark(url, retries=AT_ONCE, **options) as shop:
        here = shop.root()
        for name, *given in does:
            here = getattr(here, name)(*given)
        return here


def awaiting(url, does, **options):
    """What comes of it, done with the asynchronous client."""

    async def done():
        async with AsyncWaymark(url, retries=AT_ONCE, **options) as shop:
            here = await shop.root()
            for name, *given in does:
                here = await getattr(here, name)(*given)
            return here

    return asyncio.run(done())


both = pytest.mark.parametrize("face", [blocking, awaiting])
READ = [("read", "/tasks/1")]
ADD = [("follow", "tasks"), ("post", {"description": "Once"})]


@both
@pytest.mark.parametrize("where", ["cut before", "cut within"])
def test_a_read_that_is_cut_is_read_again(face, where):
    with Unreliable(("GET", where), ("GET", where)) as server:
        assert face(server.url, READ).etag == '"1"'
        assert server.asked.count("GET /") == 3


@both
@pytest.mark.parametrize("where", ["cut before", "cut after", "cut within"])
def test_a_post_that_is_cut_is_done_once(face, where):
    with Unreliable(("POST", where), ("POST", where)) as server:
        assert face(server.url, ADD).state == {"count": 1}
        assert len(server.made) == 1
        assert server.asked.count("POST /tasks") == 3


@both
def test_a_post_that_is_cut_is_left_where_keys_are_not_kept(face):
    with Unreliable(("POST", "cut after"), keeps_keys=False) as server:
        with pytest.raises(Interrupted) as told:
            face(server.url, ADD)
        assert not isinstance(told.value, NotReached)
        assert len(server.made) == 1


@both
@pytest.mark.parametrize(
    ("status", "does"), [(429, READ), (503, ADD)], ids=["429 to a GET", "503 to a POST"]
)
def test_the_server_is_left_alone_as_long_as_it_says(face, status, does):
    method = does[-1][0].upper().replace("READ", "GET")
    with Unreliable((method, status, {"Retry-After": "1"})) as server:
        begun = time.monotonic()
        face(server.url, does)
        assert time.monotonic() - begun >= 1
        assert len(server.made) == does.count(ADD[-1])


@both
@pytest.mark.parametrize(
    ("status", "told"), [(429, TooManyRequests), (503, Unavailable)]
)
def test_three_hours_are_not_waited_for(face, status, told):
    with Unreliable(("GET", status, {"Retry-After": "10800"})) as server:
        with pytest.raises(told, match=r"Later\. Ask again in 3 hours") as refused:
            face(server.url, [])
        assert refused.value.retry_after == 10_800
        assert server.asked == ["GET /"]


@both
def test_a_change_of_what_has_changed_is_refused(face):
    with Unreliable() as server:

        def somebody_is_faster(request, _):
            if request.uri.endswith("/tasks/1"):
                server.versions["/tasks/1"] = 2

        changing = [*READ, ("patch", {"done": True})]
        with pytest.raises(VersionMismatch, match="Somebody was faster") as told:
            face(server.url, changing, trace=somebody_is_faster)
        assert not told.value.may_be_own
        assert server.versions == {"/tasks/1": 2}


@both
def test_a_change_whose_answer_was_cut_may_be_the_own_one(face):
    with Unreliable(("PATCH", "cut after")) as server:
        with pytest.raises(VersionMismatch) as told:
            face(server.url, [*READ, ("patch", {"done": True})])
        assert told.value.may_be_own
        assert server.versions == {"/tasks/1": 2}


@both
def test_one_connection_serves_many_requests(face):
    with Unreliable() as server:
        face(server.url, READ * 5, cache=None)
        assert len(server.asked) == 6
        assert len(server.peers) == 1


@both
def test_a_server_that_is_not_there_is_not_reached(face):
    with Unreliable() as server:
        pass
    with pytest.raises(NotReached):
        face(server.url, [])
