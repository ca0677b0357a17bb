"""Who is told the credential, where a redirection leads, and what problems tell."""

import httpx2
import pytest

from tests.waymark_client.scripted import Scripted, client_of, hal, links
from waymark_client import (
    Conflict,
    Invalid,
    Missing,
    NotAuthenticated,
    Problem,
    Refused,
    ServerFault,
)


def elsewhere(**targets):
    return Scripted({"GET /api/": hal(links(**targets)), "GET /x": hal({})})


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"token": "secret"}, "Bearer secret"),
        ({"user": ("ada", "lace")}, "Basic YWRhOmxhY2U="),
        ({"headers": {"Authorization": "Own x"}}, "Own x"),
    ],
)
def test_the_credential_is_shown_to_its_own_server_alone(options, sent):
    server = elsewhere(same="http://shop.example:80/x", other="http://evil.example/x")
    root = client_of(server, **options).root()
    root.follow("same")
    root.follow("other")
    shown = [each.headers.get("authorization") for each in server.requests]
    assert shown == [sent, sent, None]


def test_a_redirection_is_followed_without_the_credential_to_strangers():
    moved = httpx2.Response(302, headers={"location": "http://evil.example/x"})
    server = Scripted({"GET /api/": moved, "GET /x": hal({"n": 1})})
    client = client_of(server, user=("ada", "lace"))
    assert client.root().uri == "http://evil.example/x"
    assert "authorization" not in server.requests[1].headers


@pytest.mark.parametrize(("status", "method"), [(303, "GET"), (308, "POST")])
def test_the_answer_to_a_post_may_stand_elsewhere(status, method):
    moved = httpx2.Response(status, headers={"location": "/x"})
    server = Scripted(
        {"GET /api/": hal({}), "POST /api/": moved, f"{method} /x": hal({"n": 1})}
    )
    assert client_of(server).root().post(a=1).state == {"n": 1}


def test_redirections_in_a_circle_end():
    server = Scripted(
        {"GET /api/": httpx2.Response(302, headers={"location": "/api/"})}
    )
    with pytest.raises(Refused, match="It leads on to /api/"):
        client_of(server).root()
    assert len(server.asked) == 11


def test_cookies_are_not_taken():
    server = Scripted({"GET /api/": hal({}, set_cookie="session=1")})
    client = client_of(server, cache=None)
    client.root()
    client.root()
    assert "cookie" not in server.requests[1].headers


PROBLEM = {
    "type": "/problems/invalid-body",
    "title": "The body breaks the rules",
    "status": 400,
    "detail": "Faults.",
    "instance": "urn:uuid:1",
    "errors": [
        {"pointer": "/rating", "detail": "At most 5.", "code": "max"},
        {"parameter": "limit", "detail": "Too much."},
        {"detail": "Odd."},
        "nonsense",
    ],
    "extra": 1,
}


def test_a_problem_tells_all_its_faults():
    problem = httpx2.Response(
        400, headers={"content-type": "application/problem+json"}, json=PROBLEM
    )
    with pytest.raises(Invalid) as told:
        client_of(Scripted({"GET /api/": problem})).root()
    ex = told.value
    assert (ex.status, ex.type, ex.detail) == (
        400,
        "/problems/invalid-body",
        "Faults.",
    )
    assert ex.pointers == {"/rating": "At most 5."}
    assert [each.parameter for each in ex.faults] == [None, "limit", None]
    assert ex.members["extra"] == 1
    assert str(ex) == (
        "The body breaks the rules. Faults. /rating: At most 5. limit: Too much. Odd"
    )


def test_a_pointer_may_be_a_fragment_as_in_the_rfc():
    told = {"errors": [{"pointer": "#/age", "detail": "Positive."}]}
    server = Scripted({"GET /api/": httpx2.Response(422, json=told)})
    with pytest.raises(Invalid) as refused:
        client_of(server).root()
    assert refused.value.pointers == {"/age": "Positive."}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, NotAuthenticated),
        (404, Missing),
        (410, Missing),
        (409, Conflict),
        (418, Refused),
        (501, ServerFault),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<p>", b"{", b"[1]"])
def test_any_refusal_is_a_problem_whatever_its_body(status, kind, body):
    headers = {"content-type": "application/json"}
    answer = httpx2.Response(status, headers=headers, content=body)
    with pytest.raises(kind) as told:
        client_of(Scripted({"GET /api/": answer})).root()
    assert isinstance(told.value, Problem)
    assert (told.value.type, str(told.value)) == ("about:blank", f"Status {status}")
