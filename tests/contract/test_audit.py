"""The audit log: a line for each write that was made, and for nothing else."""

import json
from dataclasses import replace

import pytest

from api.app import create_app
from api.roles import Caller, Role
from tests.client import Client
from tests.shop import a_draft, a_product, href, lineitem

SECRET = "correct horse battery staple"  # noqa: S105


@pytest.fixture
def audited(settings, capsysbinary):
    """A client who is Ann, and a function that gives the lines since it was asked."""

    async def ann(_req):
        return Caller(Role.EDITOR, "ann")

    app = create_app(replace(settings, audit_log=True), ann)

    def lines():
        told = capsysbinary.readouterr().err
        return [json.loads(line) for line in told.splitlines()]

    return Client(app, client_address="192.0.2.7"), lines


def told(line):
    return line["method"], line["noun"], line["keys"], line["from"], line["to"]


def test_each_write_tells_who_wrote_what_from_which_version_to_which(audited):
    client, lines = audited
    client.put("/tasks/a", {"description": SECRET})
    first = lines()[0]
    assert told(first) == ("PUT", "task", ["a"], None, 1)
    assert (first["who"], first["role"], first["client"]) == (
        "ann",
        "editor",
        "192.0.2.7",
    )
    assert first["event"] == "write"
    client.patch("/tasks/a", {"complete": True})
    client.put("/tasks/a", {"description": "y"})
    client.delete("/tasks/a")
    client.post("/tasks/a", {"description": "z"})
    assert [told(line) for line in lines()] == [
        ("PATCH", "task", ["a"], 1, 2),
        ("PUT", "task", ["a"], 2, 3),
        ("DELETE", "task", ["a"], 3, None),
        ("POST", "task", ["a"], None, 5),
    ]


def test_nothing_of_what_was_sent_is_told(audited):
    client, lines = audited
    client.put("/tasks/a", {"description": SECRET}, authorization=f"Bearer {SECRET}")
    assert SECRET not in json.dumps(lines())


def test_the_line_names_the_request_as_problems_do(audited):
    client, lines = audited
    client.put("/tasks/a", {"description": "x"})
    client.put("/tasks/b", {"description": "x"})
    one, other = (line["request_id"] for line in lines())
    assert one != other
    assert len(one) == 36


def test_what_was_refused_or_is_replayed_has_no_line(audited):
    client, lines = audited
    client.put("/tasks/a", {"description": "x"})
    lines()
    client.put("/tasks/a", {"description": 1})
    client.put("/tasks/a", {"description": "y"}, if_match='"9-json"')
    client.put("/configuration", {"name": "Mine"})
    client.get("/tasks")
    client.delete("/tasks/none")
    assert lines() == []
    for _ in range(3):
        client.post("/tasks", {"description": "x"}, idempotency_key="k")
    assert len(lines()) == 1


def test_steps_and_line_items_have_lines_of_their_own(audited):
    client, lines = audited
    order = a_draft(client)
    lineitem(client, order, a_product(client))
    lines()
    client.put(f"{href(order)}/placement", {})
    assert [told(line)[:3] for line in lines()] == [("PUT", "placement", [order["id"]])]


def test_forms_of_pages_have_lines_too(audited):
    client, lines = audited
    client.put("/tasks/a", {"description": "x"})
    lines()
    form = "_method=DELETE"
    headers = {"Accept": "text/html"}
    client.send(
        "POST", "/tasks/a", form, "application/x-www-form-urlencoded", **headers
    )
    assert [told(line)[:3] for line in lines()] == [("DELETE", "task", ["a"])]
