"""Changes on condition, pages one after the other, and streams; in both worlds."""

import asyncio

import httpx2
import pytest

from tests.waymark_client.scripted import (
    Scripted,
    async_client_of,
    client_of,
    hal,
    links,
)
from waymark_client import Interrupted, NotReadable, Problem, StaleDocument

NDJSON = {"content-type": "application/x-ndjson"}


def page(number, *, last=3, **more):
    """A page of two, which leads to the next."""
    rows = [{"n": 2 * number + each, **links(self="/x")} for each in (0, 1)]
    onward = {"next": f"/api/{number + 1}"} if number < last else {}
    told = links(self=f"/api/{number}", **onward)
    return hal({**told, "_embedded": {"item": rows}, **more})


PAGES = {f"GET /api/{number}": page(number) for number in range(4)}


def test_pages_are_asked_for_when_they_are_needed():
    server = Scripted(PAGES)
    walk = client_of(server).read("0").items()
    assert [next(walk).state["n"] for _ in range(3)] == [0, 1, 2]
    assert server.asked == ["GET /api/0", "GET /api/1"]
    assert [each.state["n"] for each in walk] == [3, 4, 5, 6, 7]


def test_the_same_asynchronously():
    server = Scripted(PAGES)

    async def walk():
        async with async_client_of(server) as client:
            first = await client.read("0")
            return [each.state["n"] async for each in first.items()]

    assert asyncio.run(walk()) == list(range(8))


def test_pages_in_a_circle_end():
    server = Scripted({"GET /api/0": hal(links(self="/api/0", next="/api/0"))})
    assert len(list(client_of(server).read("0").pages())) == 1


def test_pages_that_all_have_one_self_are_walked():
    server = Scripted(
        {
            "GET /api/": hal(links(self="/api/", next="/api/?2")),
            "GET /api/?2": hal(links(self="/api/")),
        }
    )
    assert len(list(client_of(server).root().pages())) == 2


def test_items_that_are_linked_to_are_asked_for():
    server = Scripted(
        {
            "GET /api/": hal(links(item=[{"href": "/api/a"}, {"href": "/api/b"}])),
            "GET /api/a": hal({"n": 1}),
            "GET /api/b": hal({"n": 2}),
        }
    )
    assert [each.state["n"] for each in client_of(server).root().items()] == [1, 2]


@pytest.mark.parametrize(
    ("embedded", "count"),
    [
        ({"ea:order": [{}, {}]}, 2),
        ({"a": [{}], "b": [{}]}, 0),
        ({"one": {}}, 0),
        ({}, 0),
    ],
)
def test_the_only_list_is_what_a_collection_holds(embedded, count):
    server = Scripted({"GET /api/": hal({"_embedded": embedded})})
    assert len(list(client_of(server).root().items())) == count


def streaming(*chunks, **headers):
    """A collection whose rows come in such chunks."""
    told = links(
        self="/api/", alternate=[{"href": "/api/rows", "type": "application/x-ndjson"}]
    )
    return Scripted(
        {
            "GET /api/": hal(told),
            "GET /api/rows": lambda _: httpx2.Response(
                200, headers=headers or NDJSON, content=iter(chunks)
            ),
        }
    )


def cut_off():
    yield b'{"n": 1}\n{"n'
    raise httpx2.ReadError("cut")


END = b'{"_links": {"self": {"href": "/api/"}}, "count": %d}\n'


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([b'{"n": 1}\n{"n"', b": 2}\n"], id="in the middle of a line"),
        pytest.param([b'{"n": 1}\n{"n": 2}'], id="without a last line break"),
        pytest.param([b'{"n": 1}\n\n{"n": 2}\n' + END % 2], id="with an end"),
    ],
)
def test_rows_come_as_they_are_read(chunks):
    rows = client_of(streaming(*chunks)).root().stream()
    assert [each.state for each in rows] == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    ("server", "error"),
    [
        pytest.param(streaming(b'{"n": 1}\n' + END % 2), NotReadable, id="too few"),
        pytest.param(streaming(b'{"n": 1}\n{"n'), NotReadable, id="broken off"),
        pytest.param(streaming(*[b""], a="b"), NotReadable, id="another type"),
    ],
)
def test_a_stream_that_is_not_whole_is_told(server, error):
    with pytest.raises(error):
        list(client_of(server).root().stream())


def test_what_came_before_the_connection_was_cut_is_given():
    server = streaming()
    server.change(
        "GET /api/rows",
        lambda _: httpx2.Response(200, headers=NDJSON, content=cut_off()),
    )
    rows = client_of(server).root().stream()
    assert next(rows).state == {"n": 1}
    with pytest.raises(Interrupted, match="cut"):
        next(rows)


@pytest.mark.parametrize(
    ("told", "error"),
    [(httpx2.Response(500), Problem), (httpx2.ConnectError("no"), Interrupted)],
)
def test_a_stream_that_is_refused_is_told(told, error):
    server = streaming()
    server.change("GET /api/rows", told)
    with pytest.raises(error):
        list(client_of(server).root().stream())


def test_who_leaves_a_stream_early_leaves_no_connection_open():
    server = streaming(b'{"n": 1}\n', b'{"n": 2}\n')
    rows = client_of(server).root().stream()
    next(rows)
    rows.close()
    assert list(rows) == []


def test_a_stream_asynchronously():
    async def rows():
        async def parts():
            yield b'{"n": 1}\n{"n": 2}\n'

        server = streaming()
        server.change(
            "GET /api/rows",
            lambda _: httpx2.Response(200, headers=NDJSON, content=parts()),
        )
        async with async_client_of(server) as client:
            root = await client.root()
            form_less = root.templates
            return [each.state["n"] async for each in root.stream()], form_less

    assert asyncio.run(rows()) == ([1, 2], ())


TASK = {"n": 1, **links(self="/api/t")}


def server_of_a_task(now=None):
    inside = {"_embedded": {"item": [TASK]}}
    return Scripted(
        {
            "GET /api/": hal(inside),
            "GET /api/t": hal(now or TASK, etag='"7-json"'),
            "PATCH /api/t": httpx2.Response(204),
            "PUT /api/t": hal(TASK),
            "DELETE /api/t": httpx2.Response(204),
            "POST /api/t": httpx2.Response(201, headers={"location": "/api/made"}),
        }
    )


@pytest.mark.parametrize("method", ["patch", "put", "delete"])
@pytest.mark.parametrize("is_embedded", [True, False])
def test_a_change_is_on_condition_of_what_was_read(method, is_embedded):
    server = server_of_a_task()
    client = client_of(server)
    task = client["item"] if is_embedded else client.read("t")
    getattr(task, method)()
    assert server.requests[-1].headers["if-match"] == '"7-json"'


def test_an_embedded_document_that_has_changed_is_left_alone():
    server = server_of_a_task(now={**TASK, "n": 2})
    with pytest.raises(StaleDocument, match="n changed since it was read"):
        client_of(server)["item"].patch(n=3)
    assert server.asked[-1] == "GET /api/t"


def test_preferences_are_sent_and_an_answer_without_a_body_is_no_fault():
    server = server_of_a_task()
    made = client_of(server).read("t").post({"a": 1}, prefer="return=minimal", b=2)
    assert server.requests[-1].headers["prefer"] == "return=minimal"
    assert server.requests[-1].content == b'{"a": 1, "b": 2}'
    assert (made.uri, made.state) == ("http://shop.example/api/made", {})


@pytest.mark.parametrize(
    ("taken", "sent"),
    [
        ({}, "application/merge-patch+json"),
        ({"accept_patch": "application/json"}, "application/json"),
    ],
)
def test_a_patch_has_a_type_that_the_server_takes(taken, sent):
    server = server_of_a_task()
    server.change("GET /api/t", hal(TASK, **taken))
    client_of(server).read("t").patch(n=2)
    assert server.requests[-1].headers["content-type"] == sent


def test_every_request_and_what_came_of_it_can_be_watched():
    seen = []
    server = Scripted({"GET /api/": [httpx2.ReadError("cut"), hal({})]})
    watch = lambda request, outcome: seen.append((request.method, outcome))  # noqa: E731
    client_of(server, trace=watch).root()
    assert [method for method, _ in seen] == ["GET", "GET"]
    assert seen[0][1].reason == "ReadError cut"
    assert seen[1][1].status == 200


def test_a_form_is_sent_asynchronously():
    form = {"method": "POST", "properties": [{"name": "n"}]}
    told = {**links(self="/api/"), "_templates": {"default": form}}
    server = Scripted({"GET /api/": hal(told), "POST /api/": hal({"n": 2}, 201)})

    async def sent():
        async with async_client_of(server) as client:
            return (await (await client.root()).form().submit(n=1)).state

    assert asyncio.run(sent()) == {"n": 2}


def test_asynchronous_waits_let_others_run():
    server = Scripted({"GET /api/": [httpx2.ReadError("cut"), hal({"n": 1})]})

    async def both():
        async with async_client_of(server) as client:
            root = await client.root()
            return root.state, repr(root)

    assert asyncio.run(both())[0] == {"n": 1}
