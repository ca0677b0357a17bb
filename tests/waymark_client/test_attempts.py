"""What is sent again, when, and what never is."""

import httpx2
import pytest

from tests.waymark_client.scripted import Scripted, client_of, hal, links
from waymark_client import (
    Interrupted,
    NotReached,
    Retries,
    ServerFault,
    TooManyRequests,
    Unavailable,
    VersionMismatch,
)

CUT = httpx2.ReadError("cut")
NEVER_THERE = httpx2.ConnectError("refused")
DONE = hal({"done": True}, 201, location="/api/tasks/1")
DESCRIBED = httpx2.Response(
    200, json={"parameters": {"x": {"name": "Idempotency-Key", "in": "header"}}}
)
TASK = hal({"n": 1, **links(self="/api/t")}, etag='"1-json"')


def refusal(status, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, headers=named, json={"title": "later"})


def slept(monkeypatch):
    """The pauses that the client makes, which last no time."""
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    return pauses


@pytest.mark.parametrize(
    "hindrance",
    [
        pytest.param(CUT, id="cut connection"),
        pytest.param(NEVER_THERE, id="no connection"),
        pytest.param(httpx2.ReadTimeout("slow"), id="timeout"),
        pytest.param(refusal(503), id="503"),
        pytest.param(refusal(502), id="502"),
        pytest.param(refusal(429), id="429"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_is_idempotent_is_tried_again(method, hindrance):
    server = Scripted(
        {"GET /api/t": TASK, f"{method} /api/t": [hindrance, hindrance, TASK]}
    )
    client = client_of(server, cache=None)
    if method == "GET":
        assert client.read("t").state["n"] == 1
    else:
        server_answers = {"PUT": lambda each: each.put(n=2), "DELETE": _delete}
        server_answers[method](client.read("t"))
    assert server.asked.count(f"{method} /api/t") == 3


def _delete(document):
    document.delete()


@pytest.mark.parametrize("told", ["3", "Sat, 21 Nov 2026 20:00:03 GMT"])
def test_the_server_says_how_long_to_wait(monkeypatch, told):
    pauses = slept(monkeypatch)
    now = 1795291200.0  # Sat, 21 Nov 2026 20:00:00 GMT
    server = Scripted({"GET /api/": [refusal(503, retry_after=told), hal({})]})
    client_of(server, retries=Retries(clock=lambda: now)).root()
    assert pauses == [3.0]


def test_without_its_word_the_waits_grow_and_are_bounded(monkeypatch):
    pauses = slept(monkeypatch)
    server = Scripted({"GET /api/": refusal(503)})
    with pytest.raises(Unavailable):
        client_of(server, retries=Retries(chance=lambda: 1.0)).root()
    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0]


def test_a_server_that_wants_more_patience_than_there_is_gets_none(monkeypatch):
    pauses = slept(monkeypatch)
    server = Scripted({"GET /api/": refusal(429, retry_after="3600")})
    with pytest.raises(TooManyRequests) as told:
        client_of(server).root()
    assert told.value.response.headers["retry-after"] == "3600"
    assert pauses == []


@pytest.mark.parametrize(
    ("seconds", "told"),
    [("90", "90 seconds"), ("600", "10 minutes"), ("10800", "3 hours")],
)
def test_a_refusal_tells_when_to_ask_again(seconds, told):
    server = Scripted({"GET /api/": refusal(503, retry_after=seconds)})
    with pytest.raises(Unavailable, match=f"later. Ask again in {told}"):
        client_of(server, retries=Retries(attempts=1)).root()


def test_an_answer_that_says_nothing_of_later_is_final():
    server = Scripted({"GET /api/": refusal(500)})
    with pytest.raises(ServerFault):
        client_of(server).root()
    assert len(server.asked) == 1


def test_a_server_that_is_not_there_is_told_as_not_reached():
    with pytest.raises(NotReached, match=r"GET .*refused"):
        client_of(Scripted({"GET /api/": NEVER_THERE})).root()


def posting(first, root=None, **options):
    """A client's POST whose first attempt comes to that."""
    server = Scripted(
        {
            "GET /api/": hal(root or {}),
            "GET /api/description": DESCRIBED,
            "GET /api/tasks": hal({}),
            "POST /api/tasks": [first, DONE],
        }
    )
    tasks = client_of(server, **options).read("tasks")
    return server, tasks


DESCRIPTION = links(**{"service-desc": "/api/description"})


def keys_of(server):
    posts = [each for each in server.requests if each.method == "POST"]
    return [each.headers["idempotency-key"] for each in posts]


@pytest.mark.parametrize("hindrance", [CUT, refusal(503), refusal(504)])
@pytest.mark.parametrize(
    ("root", "options"),
    [(DESCRIPTION, {}), ({}, {"keeps_keys": True})],
    ids=["told by its description", "told by the user"],
)
def test_a_post_is_repeated_with_its_key_where_keys_are_kept(hindrance, root, options):
    server, tasks = posting(hindrance, root, **options)
    assert tasks.post(n=1).state == {"done": True}
    first, second = keys_of(server)
    assert first == second
    assert first[0] == first[-1] == '"'


@pytest.mark.parametrize(
    ("root", "options"),
    [
        ({}, {}),
        (DESCRIPTION, {"keeps_keys": False}),
        (links(**{"service-desc": "/api/none"}), {}),
        (links(**{"service-desc": "/api/tasks"}), {}),
    ],
    ids=["nothing is told", "told by the user", "missing", "without the header"],
)
def test_a_post_that_may_have_been_done_is_not_repeated_elsewhere(root, options):
    server, tasks = posting(CUT, root, **options)
    with pytest.raises(Interrupted) as told:
        tasks.post(n=1)
    assert not isinstance(told.value, NotReached)
    assert len(keys_of(server)) == 1


def test_a_root_that_is_no_hal_tells_nothing_of_keys():
    server, tasks = posting(CUT)
    server.change("GET /api/", httpx2.Response(200, content=b"<p>"))
    with pytest.raises(Interrupted):
        tasks.post(n=1)


@pytest.mark.parametrize("hindrance", [NEVER_THERE, refusal(429)])
def test_a_post_that_was_not_done_is_repeated_everywhere(hindrance):
    server, tasks = posting(hindrance)
    tasks.post(n=1)
    assert len(set(keys_of(server))) == 1
    assert len(keys_of(server)) == 2


def test_a_post_waits_for_its_own_first_attempt():
    problem = {"type": "/problems/request-in-progress"}
    _, tasks = posting(httpx2.Response(409, json=problem), DESCRIPTION)
    assert tasks.post(n=1).state == {"done": True}


def test_each_post_has_a_key_of_its_own():
    server, tasks = posting(DONE)
    tasks.post(n=1)
    tasks.post(n=1)
    assert len(set(keys_of(server))) == 2


def test_a_patch_is_repeated_only_on_condition():
    for etag, attempts in ((None, 1), ('"1-json"', 2)):
        headers = {"etag": etag} if etag else {}
        server = Scripted(
            {
                "GET /api/t": hal(links(self="/api/t"), **headers),
                "PATCH /api/t": [CUT, TASK],
            }
        )
        task = client_of(server).read("t")
        if etag:
            task.patch(n=2)
        else:
            with pytest.raises(Interrupted):
                task.patch(n=2)
        assert server.asked.count("PATCH /api/t") == attempts


def test_a_version_that_may_be_the_own_one_is_told_so():
    server = Scripted({"GET /api/t": TASK, "PUT /api/t": [CUT, refusal(412)]})
    with pytest.raises(VersionMismatch) as told:
        client_of(server).read("t").put(n=2)
    assert told.value.may_be_own
    assert "may be its own" in told.value.__notes__[0]


def test_what_is_gone_after_a_cut_deletion_is_deleted():
    server = Scripted({"GET /api/t": TASK, "DELETE /api/t": [CUT, refusal(404)]})
    client_of(server).read("t").delete()
    assert server.asked.count("DELETE /api/t") == 2
