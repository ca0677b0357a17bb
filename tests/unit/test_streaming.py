"""Bodies that are read while they are sent: one part ahead, and ended in any case."""

import asyncio

import pytest

from api.resources.streaming import StreamedBody, Writing


class Readings:
    """A reading of texts, one for each part, that notes what is done with it."""

    def __init__(self, *texts, is_kept=False):
        self.texts = list(texts)
        self.is_kept = is_kept
        self.seconds_left = 0
        self.count = self.released = 0

    @property
    def has_ended(self):
        return not self.texts

    def take(self, write):
        text = self.texts.pop(0)
        if isinstance(text, Exception):
            raise text
        self.count += 1
        return write([text])

    def detach(self):
        return self._let_go

    def _let_go(self):
        self.released += 1


class Gate:
    """Runs functions as storage does, when it is open."""

    def __init__(self):
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def stream(self, function):
        await self.is_open.wait()
        return function()


WRITING = Writing(b"<", lambda found: found[0].encode(), lambda count: b"%d>" % count)


def body_of(reading, gate=None):
    return StreamedBody(gate or Gate(), reading, WRITING)


async def passed(turns=5):
    """Let the loop run whatever can run."""
    for _ in range(turns):
        await asyncio.sleep(0)


def test_one_part_is_the_whole():
    async def run():
        return await body_of(Readings("a")).begin()

    assert asyncio.run(run()) == b"<a1>"


def test_several_parts_come_in_their_order():
    async def run():
        body = body_of(Readings("a", "b", "c"))
        assert await body.begin() is None
        return [part async for part in body]

    assert asyncio.run(run()) == [b"<a", b"b", b"c3>"]


def test_one_part_is_read_ahead_and_no_more():
    async def run():
        reading = Readings(*"abcdef")
        body = body_of(reading)
        await body.begin()
        before = reading.count
        await anext(body)
        await passed()
        return before, reading.count

    assert asyncio.run(run()) == (1, 2)


def test_a_failure_in_the_middle_is_raised():
    async def run():
        body = body_of(Readings("a", OSError("lost"), "c"))
        await body.begin()
        return [part async for part in body]

    with pytest.raises(OSError, match="lost"):
        asyncio.run(run())


def test_a_failure_at_the_beginning_is_raised_there():
    with pytest.raises(OSError, match="lost"):
        asyncio.run(body_of(Readings(OSError("lost"))).begin())


@pytest.mark.parametrize("second", ["b", OSError("lost")], ids=["read", "failing"])
def test_who_closes_lets_go_when_the_part_under_way_is_read(second):
    async def run():
        reading, gate = Readings("a", second, "c"), Gate()
        body = body_of(reading, gate)
        await body.begin()
        gate.is_open.clear()
        await anext(body)
        await body.close()
        await passed()
        released = reading.released
        gate.is_open.set()
        await passed()
        return released, reading.released, reading.texts

    assert asyncio.run(run()) == (0, 1, ["c"])


def test_a_request_that_is_cancelled_lets_go():
    async def run():
        reading, gate = Readings("a", "b"), Gate()
        gate.is_open.clear()
        request = asyncio.ensure_future(body_of(reading, gate).begin())
        await passed()
        request.cancel()
        gate.is_open.set()
        await passed()
        return request.cancelled(), reading.released

    assert asyncio.run(run()) == (True, 1)


def test_a_part_that_never_came_lets_go_too():
    async def run():
        reading, gate = Readings("a", "b"), Gate()
        body = body_of(reading, gate)
        await body.begin()
        gate.is_open.clear()
        await anext(body)
        await body.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        gate.is_open.set()
        await passed()
        return reading.released

    assert asyncio.run(run()) == 1


def test_what_is_kept_does_not_wait_long_for_the_client():
    async def run():
        reading = Readings("a", "b", is_kept=True)
        await body_of(reading).begin()
        await passed()
        return reading.released

    assert asyncio.run(run()) == 1


def test_a_database_that_hangs_at_the_end_makes_nobody_wait():
    async def run():
        reading, gate = Readings("a", "b", is_kept=True), Gate()
        body = body_of(reading, gate)
        await body.begin()
        gate.is_open.clear()
        await passed()
        before = reading.released
        gate.is_open.set()
        await passed()
        return before, reading.released

    assert asyncio.run(run()) == (0, 1)


def test_what_is_kept_is_not_let_go_while_it_is_read():
    async def run():
        reading, gate = Readings("a", "b", "c", is_kept=True), Gate()
        reading.seconds_left = 0.5
        body = body_of(reading, gate)
        await body.begin()
        gate.is_open.clear()
        await anext(body)
        await asyncio.sleep(0.6)
        return reading.released

    assert asyncio.run(run()) == 0


def test_a_body_that_is_at_its_end_has_nothing_to_close():
    async def run():
        reading = Readings("a")
        body = body_of(reading)
        await body.begin()
        assert [part async for part in body] == [b"<a1>"]
        await body.close()
        await passed()
        return reading.released

    assert asyncio.run(run()) == 0
