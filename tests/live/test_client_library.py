"""The client library against a real server: the whole journey of a shop."""

import asyncio
import socket
import threading
from contextlib import suppress

import pytest
from liveserver import Server

from waymark_client import AsyncWaymark, Missing, NoSuchForm, VersionMismatch, Waymark


@pytest.fixture
def stocked(server):
    """The address of a shop that has something to sell, and to somebody."""
    with Waymark(server.url) as shop:
        book = shop["wm:books"].post(title="Emma", author="Jane Austen")
        price = {"price": "12.90", "currency": "EUR", "stock": 5}
        if not list(shop["wm:products"].items()):
            shop["wm:products"].post(
                sku="emma", name="Emma", book=book.state["id"], **price
            )
    return server.url


def test_the_journey_of_an_order(stocked):
    with Waymark(stocked) as shop:
        customers = shop["wm:customers"]
        ada = customers.form("new").submit(name="Ada", email="ada@example.org")
        order = ada.form("wm:orders").submit(note="A present")
        adding = order.form("wm:lineitems")
        [emma] = adding.options("product", q="Emma")
        adding.submit(product=emma.value, quantity=2)
        order = order.refresh()
        assert order.state["total"] == "25.80"
        for step in ("wm:placement", "wm:payment", "wm:shipment", "wm:delivery"):
            order.form(step).submit()
            order = order.refresh()
        assert order.state["status"] == "delivered"
        with pytest.raises(NoSuchForm):
            order.form("wm:cancellation")


def test_the_same_journey_asynchronously(stocked):
    async def journey():
        async with AsyncWaymark(stocked) as shop:
            customers = await shop["wm:customers"]
            values = {"name": "Bo", "email": "bo@example.org"}
            bo = await customers.form("new").submit(**values)
            order = await bo.form("wm:orders").submit(note="A present")
            adding = order.form("wm:lineitems")
            [emma] = await adding.options("product", q="Emma")
            await adding.submit(product=emma.value, quantity=2)
            order = await order.refresh()
            for step in ("wm:placement", "wm:cancellation"):
                await order.form(step).submit()
                order = await order.refresh()
            return order.state["status"], [each async for each in customers.items()]

    status, customers = asyncio.run(journey())
    assert status == "cancelled"
    assert customers


def test_a_book_is_edited_by_its_form_and_changed_by_another(server):
    with Waymark(server.url) as shop:
        book = shop["wm:books"].form("new").submit(title="Ema", author="Jane Austen")
        book = book.form("edit").submit(title="Emma")
        assert book.form("change").submit(pages=474).state["pages"] == 474
        assert book.refresh().state["title"] == "Emma"
        assert shop["wm:books"].form("search").submit(q="emma").state["count"] >= 1
        book.refresh().form("delete").submit()
        with pytest.raises(Missing):
            book.refresh()


def test_of_two_editors_the_second_is_told(server):
    with Waymark(server.url) as one, Waymark(server.url) as other:
        made = one["wm:tasks"].post(description="Read")
        read = other.read(made.uri)
        made.patch(complete=True)
        with pytest.raises(VersionMismatch) as told:
            read.put(description="Write")
        assert not told.value.may_be_own
        assert made.refresh().state["complete"] is True
        made.refresh().delete()


def test_an_embedded_document_is_changed_only_as_it_was_seen(server):
    with Waymark(server.url) as shop:
        shop["wm:tasks"].post(description="Seen")
        [seen] = [
            each
            for each in shop["wm:tasks"].items()
            if each.state["description"] == "Seen"
        ]
        assert seen.etag is None
        assert seen.patch(complete=True).state["complete"] is True


def test_the_pages_are_walked_and_streamed(server):
    with Waymark(server.url) as shop:
        for number in range(45):
            shop["wm:items"].post(key=f"walked-{number}", value=number)
        items = shop["wm:items"]
        walked = [each.state["key"] for each in items.items()]
        assert len(walked) == len(set(walked)) >= 45
        assert [each.state["key"] for each in items.stream()] == walked
        assert next(items.pages()).uri == items.uri


class Cutter:
    """A door to a server that passes requests on, and cuts off the first answer."""

    def __init__(self, port):
        self._port = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self.cuts = []

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._door.close()

    def _serve(self):
        while True:
            try:
                inside, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(inside,), daemon=True).start()

    def _pass_on(self, inside):
        posts = []
        with inside, socket.create_connection(("127.0.0.1", self._port)) as outside:
            threading.Thread(
                target=self._upward, args=(inside, outside, posts), daemon=True
            ).start()
            while answer := outside.recv(65_536):
                if posts and not self.cuts:
                    self.cuts.append(answer)
                    inside.shutdown(socket.SHUT_RDWR)
                    return
                inside.sendall(answer)

    def _upward(self, inside, outside, posts):
        with suppress(OSError):
            while asked := inside.recv(65_536):
                posts.extend([asked] * asked.startswith(b"POST"))
                outside.sendall(asked)
            outside.shutdown(socket.SHUT_RDWR)


def test_a_post_whose_answer_is_cut_off_is_done_once(server):
    with Cutter(server.port) as door, Waymark(door.url) as shop:
        made = shop["wm:tasks"].post(description="Once and no more")
        assert door.cuts[0].startswith(b"HTTP/1.1 201")
        assert made.response.headers["idempotency-replayed"] == "true"
        same = [
            each
            for each in shop["wm:tasks"].items()
            if each.state["description"] == "Once and no more"
        ]
        assert [each.uri for each in same] == [made.uri]


def test_a_server_that_limits_its_callers_is_waited_for(database):
    seen = []
    watch = lambda _request, outcome: seen.append(outcome.status)  # noqa: E731
    with (
        Server(database, RATE_LIMIT="3/second") as limited,
        Waymark(limited.url, cache=None, trace=watch) as shop,
    ):
        tasks = shop["wm:tasks"]
        for _ in range(3):
            tasks.post(description="Wait")
        assert len(list(tasks.refresh().items())) == 3
    assert 429 in seen
    assert seen.count(201) == 3
