"""Any write can be sent again with its idempotency key: it is done once."""

import json

import pytest

from tests.shop import (
    CHANGEABLE,
    REPLACEABLE,
    a_book,
    a_draft,
    a_product,
    body_of,
    href,
    lineitem,
    make,
)

NAMED = {"ids": lambda kind: kind.name}
PATCH_TYPE = "application/json-patch+json"


def same(one, other):
    """Whether the second answer is the first one, once more."""
    assert other.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in one.headers
    kept = {**other.headers}
    del kept["idempotency-replayed"]
    assert (one.status_code, one.content, one.headers) == (
        other.status_code,
        other.content,
        kept,
    )


@pytest.mark.parametrize("kind", REPLACEABLE, **NAMED)
def test_a_put_is_answered_again_whatever_happened_since(client, kind):
    path = href(make(client, kind).json)
    body = body_of(kind, changed=True)
    first = client.put(path, body, idempotency_key="k")
    client.delete(path)
    same(first, client.put(path, body, idempotency_key="k"))


@pytest.mark.parametrize("kind", CHANGEABLE, **NAMED)
def test_a_delete_is_answered_again_rather_than_404(client, kind):
    path = href(make(client, kind).json)
    first = client.delete(path, idempotency_key="k")
    assert first.status_code == 204
    same(first, client.delete(path, idempotency_key="k"))
    # What a body of DELETE says does not matter.
    again = client.send("DELETE", path, "x", "image/png", idempotency_key="k")
    assert again.status_code == 204


def test_a_patch_that_adds_adds_once(client):
    path = href(a_book(client, subjects=["a"]))
    patch = json.dumps([{"op": "add", "path": "/subjects/-", "value": "b"}])
    answers = [
        client.send("PATCH", path, patch, PATCH_TYPE, idempotency_key="k")
        for _ in range(2)
    ]
    same(*answers)
    assert client.get(path).json["subjects"] == ["a", "b"]


def test_a_retry_is_answered_though_its_condition_no_longer_holds(client):
    made = make(client, CHANGEABLE[0])
    path, tag = made.headers["location"], made.headers["etag"]
    body = body_of(CHANGEABLE[0], changed=True)
    first = client.put(path, body, if_match=tag, idempotency_key="k")
    same(first, client.put(path, body, if_match=tag, idempotency_key="k"))
    assert client.put(path, body, if_match=tag).status_code == 412


def test_a_step_is_answered_again_as_it_was_the_first_time(client):
    order = a_draft(client)
    lineitem(client, order, a_product(client))
    path = f"{href(order)}/placement"
    first = client.put(path, {}, idempotency_key="k")
    assert first.status_code == 201
    same(first, client.put(path, {}, idempotency_key="k"))
    assert client.put(path, {}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_another_body_with_the_same_key_is_422(client, method):
    path = href(a_book(client))
    body = {"title": "A", "author": "B"}
    for each, status in ((body, 200), ({**body, "title": "C"}, 422)):
        answer = client.simulate_request(
            method, path, json=each, headers={"Idempotency-Key": "k"}
        )
        assert answer.status_code == status
    assert client.get(path).json["title"] == "A"


def test_a_refused_write_may_be_corrected_under_the_same_key(client):
    path = href(a_book(client))
    assert client.patch(path, {"pages": -1}, idempotency_key="k").status_code == 400
    assert client.patch(path, {"pages": 5}, idempotency_key="k").status_code == 200


def test_methods_and_paths_have_keys_of_their_own(client):
    one, other = href(a_book(client)), href(a_book(client))
    body = {"title": "A", "author": "B"}
    for path in (one, other):
        for send in (client.put, client.patch):
            answer = send(path, body, idempotency_key="k")
            assert "idempotency-replayed" not in answer.headers
