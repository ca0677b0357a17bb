"""What is particular about items."""

import asyncio

import pytest

from api.resources.base import Resource
from api.resources.collection import Collection
from api.resources.service import Service
from api.storage.opening import claims_at, storage_at
from tests.shop import kind_named


def test_a_value_is_put_read_replaced_and_deleted(client):
    made = client.post("/items/username", {"value": "Alice"})
    assert (made.status_code, made.json["value"]) == (201, "Alice")
    assert client.put("/items/username", {"value": "Bob"}).json["value"] == "Bob"
    assert client.delete("/items/username").status_code == 204
    assert client.get("/items/username").status_code == 404


def test_null_is_a_value_and_no_value_is_a_fault(client):
    assert client.put("/items/a", {"value": None}).json["value"] is None
    answer = client.put("/items/b", {})
    assert answer.json["errors"][0]["pointer"] == "/value"


def test_a_merge_patch_goes_into_the_value(client):
    client.put("/items/a", {"value": {"x": 1, "y": {"z": 2}}})
    answer = client.patch("/items/a", {"value": {"x": None, "y": {"w": 3}}})
    assert answer.json["value"] == {"y": {"z": 2, "w": 3}}


def test_the_key_stands_in_the_body_of_a_post_to_the_collection(client):
    made = client.post("/items", {"key": "a.b~c", "value": 1})
    assert made.headers["location"] == "/items/a.b~c"
    missing = client.post("/items", {"value": 1})
    assert missing.json["errors"][0]["pointer"] == "/key"


@pytest.mark.parametrize("suffix", [".json", ".xml", ".html", ".csv", ".ndjson"])
def test_a_suffix_is_no_part_of_a_key(client, suffix):
    client.put("/items/a", {"value": 1})
    assert client.put(f"/items/a{suffix}", {"value": 2}).status_code in {200, 406}
    assert client.get("/items").json["total"] == 1


def test_values_are_not_searched(client):
    assert client.get("/items?value=1").status_code == 400
    assert client.get("/items?q=1").status_code == 400


def test_a_receipt_that_came_between_is_found_in_the_transaction(settings, client):
    storage = storage_at(settings.database_url)
    service = Service(settings, storage, claims_at(settings.database_url))
    answers = []

    class Recorder:
        """Stands in for a storage whose first look-up misses the receipt."""

        async def read_settled(self, *_):
            return None

        async def write(self, function, *args):
            answers.append(await storage.write(function, *args))
            return answers[-1]

    late = Service(settings, Recorder(), service.claims)
    client.app.add_route("/late", Late(Collection(late, kind_named("item"))))
    body = {"key": "once", "value": 1}
    for _ in range(2):
        assert client.post("/late", body, idempotency_key="k").status_code == 201
    asyncio.run(service.close())
    assert [each.headers.get("idempotency-replayed") for each in answers] == [
        None,
        "true",
    ]


class Late(Resource):
    """A route to a collection of items at another path."""

    def __init__(self, collection):
        self.collection = collection

    async def on_post(self, req, resp):
        await self.collection.on_post(req, resp)
