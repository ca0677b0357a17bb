"""What is particular about configurations: they are always there."""

import pytest

from tests.shop import a_customer, href

SHOP = {"name": "Waymark", "currency": "EUR", "language": "en", "contact_email": None}
CUSTOMER = {"language": None, "currency": None, "newsletter": False}


@pytest.fixture(params=["shop", "customer"])
def place(request, client):
    """The path of a configuration, its defaults, and a member with another value."""
    if request.param == "shop":
        return "/configuration", SHOP, {"language": "de"}
    path = href(a_customer(client), "wm:configuration")
    return path, CUSTOMER, {"newsletter": True}


def state(answer):
    hidden = {"_links", "created", "updated"}
    return {name: value for name, value in answer.json.items() if name not in hidden}


def test_defaults_stand_before_anything_is_put(client, place):
    path, defaults, _ = place
    answer = client.get(path)
    assert (answer.status_code, state(answer)) == (200, defaults)
    again = client.get(path, if_none_match=answer.headers["etag"])
    assert again.status_code == 304


def test_put_creates_once_and_then_replaces(client, place):
    path, defaults, change = place
    first, second = client.put(path, change), client.put(path, {})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["location"] == path
    assert state(first) == defaults | change
    assert state(second) == defaults


def test_what_was_read_before_can_be_put(client, place):
    path, defaults, change = place
    read = client.get(path)
    body = read.json | change
    answer = client.put(path, body, if_match=read.headers["etag"])
    assert (answer.status_code, state(answer)) == (201, defaults | change)
    assert client.put(path, body, if_match=read.headers["etag"]).status_code == 412
    assert client.put(path, body).status_code == 200
    client.delete(path)
    assert client.put(path, answer.json).status_code == 201


def test_delete_goes_back_to_the_defaults(client, place):
    path, defaults, change = place
    before = client.get(path)
    client.put(path, change)
    assert client.delete(path).status_code == 204
    after = client.get(path)
    assert state(after) == defaults
    assert after.headers["etag"] != before.headers["etag"]
    assert client.delete(path).status_code == 204
    assert client.put(path, change).status_code == 201


def test_patch_starts_from_the_defaults(client, place):
    path, defaults, change = place
    answer = client.patch(path, change)
    assert (answer.status_code, state(answer)) == (200, defaults | change)
    assert state(client.get(path)) == defaults | change


def test_put_that_must_create_is_412_the_second_time(client, place):
    path, _, change = place
    assert client.put(path, change, if_none_match="*").status_code == 201
    assert client.put(path, change, if_none_match="*").status_code == 412


def test_a_stale_tag_of_the_defaults_is_refused(client, place):
    path, defaults, change = place
    client.put(path, change)
    client.delete(path)
    assert client.put(path, change, if_match='"0-json"').status_code == 412
    assert state(client.get(path)) == defaults


def test_there_is_no_post_and_no_id(client, place):
    path, _, change = place
    assert client.post(path, change).status_code == 405
    assert "id" not in client.get(path).json
    assert client.get(f"{path}/1").status_code == 404


def test_a_customer_who_is_not_there_has_none(client):
    for method in ("get", "delete"):
        assert getattr(client, method)("/customers/77/configuration").status_code == 404
    assert client.put("/customers/77/configuration", {}).status_code == 404


def test_a_customer_s_configuration_goes_with_the_customer(client):
    customer = a_customer(client)
    client.put(href(customer, "wm:configuration"), {"language": "de"})
    assert client.delete(href(customer)).status_code == 204
    assert client.get(href(customer, "wm:configuration")).status_code == 404


def test_every_customer_has_one_of_their_own(client):
    one, two = (href(a_customer(client), "wm:configuration") for _ in range(2))
    client.put(one, {"language": "de"})
    assert client.get(two).json["language"] is None


@pytest.mark.parametrize(
    ("member", "value"),
    [("currency", "euro"), ("language", "x"), ("contact_email", "a"), ("name", "")]
    + [("currency", None), ("name", None)],
)
def test_a_wrong_member_is_named(client, member, value):
    answer = client.put("/configuration", {member: value})
    assert answer.status_code == 400
    assert answer.json["errors"][0]["pointer"] == f"/{member}"


def test_changes_need_a_condition_where_the_settings_say_so(strict_client):
    made = strict_client.put("/configuration", {})
    assert made.status_code == 201
    assert strict_client.put("/configuration", {}).status_code == 428
    tag = made.headers["etag"]
    assert strict_client.delete("/configuration", if_match=tag).status_code == 204
