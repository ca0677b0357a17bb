"""What is particular about customers."""

import pytest

ADA = {"name": "Ada", "email": "Ada@Example.org"}


def test_an_address_is_unique_without_regard_to_case(client):
    made = client.post("/customers", ADA)
    assert made.json["email"] == "Ada@Example.org"
    again = client.post("/customers", ADA | {"email": "ADA@example.ORG"})
    assert (again.status_code, again.json["errors"][0]["pointer"]) == (409, "/email")


def test_an_address_can_change_its_case(client):
    client.post("/customers", ADA)
    answer = client.patch("/customers/1", {"email": "ada@example.org"})
    assert answer.json["email"] == "ada@example.org"


@pytest.mark.parametrize(
    ("member", "value"),
    [("email", "ada"), ("email", f"{'a' * 250}@b.de"), ("country", "de")]
    + [("country", "XX"), ("country", "DEU"), ("name", "")],
)
def test_a_wrong_member_is_named(client, member, value):
    answer = client.post("/customers", ADA | {member: value})
    assert answer.json["errors"][0]["pointer"] == f"/{member}"


def test_customers_are_no_matter_of_shared_caches(client):
    client.post("/customers", ADA)
    assert client.get("/customers/1").headers["cache-control"] == "private, no-cache"
