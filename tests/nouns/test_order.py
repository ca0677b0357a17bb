"""What is particular about orders: second URIs, currencies, what they are made of."""

import pytest

from tests.shop import a_customer, a_draft, a_product, follow, href, lineitem, refetch
from tests.statements import statements


def test_an_order_is_opened_at_its_customer_as_an_empty_draft(client):
    customer = a_customer(client)
    answer = client.post(href(customer, "wm:orders"), {"note": "A gift"})
    order = answer.json
    assert answer.status_code == 201
    assert answer.headers["location"] == href(order) == f"/orders/{order['id']}"
    assert (order["status"], order["total"], order["note"]) == (
        "draft",
        "0.00",
        "A gift",
    )
    assert order["_embedded"]["item"] == []
    assert "wm:placement" not in order["_links"]
    assert href(order, "wm:customer") == href(customer)


def test_an_order_can_t_be_opened_elsewhere_nor_replaced(client):
    order = a_draft(client)
    assert client.post("/orders", {}).status_code == 405
    assert client.put(href(order), {"note": "x"}).status_code == 405
    assert client.post("/customers/99/orders", {}).status_code == 404


def test_the_note_is_all_that_a_client_sends(client):
    order = a_draft(client)
    assert client.patch(href(order), {"note": "x"}).json["note"] == "x"
    for member, value in [("status", "paid"), ("total", "1.00")]:
        ignored = client.patch(href(order), {member: value})
        assert ignored.json[member] == order[member]
    for member, value in [("customer", 1), ("currency", "CHF")]:
        assert client.patch(href(order), {member: value}).status_code == 400


def test_an_order_has_the_shop_s_currency_of_when_it_was_opened(client):
    customer = a_customer(client)
    before = a_draft(client, customer)
    client.patch("/configuration", {"currency": "CHF"})
    after = a_draft(client, customer)
    assert (before["currency"], after["currency"]) == ("EUR", "CHF")
    assert refetch(client, before)["currency"] == "EUR"


def test_orders_stand_below_their_customer_and_all_together(client):
    one, two = a_customer(client), a_customer(client)
    made = [a_draft(client, each) for each in (one, two, one)]
    mine = follow(client, one, "wm:orders")
    assert [href(each) for each in mine["_embedded"]["item"]] == [
        href(made[0]),
        href(made[2]),
    ]
    assert (mine["total"], client.get("/orders").json["total"]) == (2, 3)
    client.delete(href(made[0]))
    mine = follow(client, one, "wm:orders")
    assert (mine["total"], client.get("/orders").json["total"]) == (1, 2)


@pytest.mark.parametrize("sort", ["status", "-total", "created", "-updated", "id"])
def test_a_customer_s_orders_are_sorted_and_filtered_like_all(client, sort):
    customer = a_customer(client)
    made = {href(a_draft(client, customer)) for _ in range(5)}
    a_draft(client)
    found, path = set(), f"{href(customer)}/orders?sort={sort}&limit=2&status=draft"
    while path:
        page = client.get(path).json
        found |= {href(each) for each in page["_embedded"]["item"]}
        path = page["_links"].get("next", {}).get("href")
    assert found == made


def test_line_items_stand_inside_the_order_everywhere(client):
    order = a_draft(client)
    line = lineitem(client, order, quantity=2)
    for path in (href(order), "/orders", "/customers/1/orders"):
        got = client.get(path).json
        inside = got if "status" in got else got["_embedded"]["item"][0]
        assert inside["_embedded"]["item"] == [line]


def test_who_asks_for_some_members_only_gets_no_line_items(client):
    order = a_draft(client)
    lineitem(client, order)
    got = client.get(f"{href(order)}?fields=status").json
    assert set(got) == {"_links", "id", "status"}


def test_a_second_uri_names_the_first(client):
    order = a_draft(client)
    line = lineitem(client, order)
    customer = href(order, "wm:customer")
    for first in (href(order), href(order, "wm:lineitems"), href(line)):
        one, two = client.get(first), client.get(customer + first)
        assert (two.status_code, two.json) == (200, one.json)
        assert two.headers["content-location"] == one.headers["content-location"]
        assert two.headers["etag"] == one.headers["etag"]
        again = client.get(customer + first, if_none_match=one.headers["etag"])
        assert again.status_code == 304


def test_a_second_uri_is_written_like_the_first(client):
    order = a_draft(client)
    second = href(order, "wm:customer") + href(order)
    product = a_product(client)["id"]
    assert client.patch(second, {"note": "x"}).json["note"] == "x"
    body = {"product": product, "quantity": 2}
    made = client.post(f"{second}/lineitems", body)
    assert made.headers["location"] == f"{href(order)}/lineitems/1"
    line = f"{second}/lineitems/1"
    assert client.put(line, body | {"quantity": 3}).json["quantity"] == 3
    assert client.delete(line).status_code == 204
    assert client.simulate_options(line).headers["allow"].startswith("GET, HEAD, PUT")
    assert client.delete(second).status_code == 204
    assert client.get(href(order)).status_code == 404


def test_the_steps_of_an_order_have_second_uris_too(client):
    order = a_draft(client)
    lineitem(client, order)
    path = href(order, "wm:customer") + f"{href(order)}/placement"
    assert client.get(path).status_code == 404
    placed = client.put(path, {})
    assert placed.headers["location"] == f"{href(order)}/placement"
    assert client.get(path).json == placed.json


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("below", ["", "/lineitems", "/lineitems/1", "/placement"])
def test_a_second_uri_below_another_customer_is_404(client, method, below):
    order = a_draft(client)
    lineitem(client, order)
    other = href(a_customer(client))
    for customer in (other, "/customers/99", "/customers/x", "/customers/01"):
        answer = client.simulate_request(method, f"{customer}{href(order)}{below}")
        assert answer.status_code == (405 if (method, below) in NOT_THERE else 404)
    assert refetch(client, order)["status"] == "draft"


NOT_THERE = {
    (method, below)
    for method in ("PATCH", "DELETE")
    for below in ("/lineitems", "/placement")
}


def test_the_problem_of_a_wrong_second_uri_leads_to_the_customer_s_orders(client):
    order = a_draft(client)
    other = a_customer(client)
    answer = client.get(href(other) + href(order))
    assert href(answer.json, "collection") == href(other, "wm:orders")


def test_a_customer_with_orders_can_t_be_deleted(client):
    order = a_draft(client)
    customer = href(order, "wm:customer")
    answer = client.delete(customer)
    assert answer.status_code == 409
    users = client.get(answer.json["_links"]["related"][0]["href"]).json
    assert [href(each) for each in users["_embedded"]["item"]] == [href(order)]
    assert client.delete(href(order)).status_code == 204
    assert client.delete(customer).status_code == 204


def test_what_belongs_to_a_draft_goes_with_it(client):
    order = a_draft(client)
    line = lineitem(client, order)
    client.delete(href(order))
    assert client.get(href(line)).status_code == 404
    assert client.delete(line["_links"]["related"][0]["href"]).status_code == 204


def test_the_order_s_tag_changes_with_its_line_items(client):
    order = a_draft(client)
    tag = client.get(href(order)).headers["etag"]
    lineitem(client, order)
    assert client.get(href(order)).headers["etag"] != tag
    assert client.patch(href(order), {"note": "x"}, if_match=tag).status_code == 412


@pytest.mark.parametrize("query", ["", "?embed=lineitems"])
def test_an_order_and_its_line_items_are_of_one_moment(client, query):
    order = a_draft(client)
    lineitem(client, order)
    read = statements(client, href(order) + query)
    place = next(n for n, text in enumerate(read) if "FROM lineitems" in text)
    assert any(text.startswith("BEGIN") for text in read[:place])
    assert "COMMIT" in read[place:]
