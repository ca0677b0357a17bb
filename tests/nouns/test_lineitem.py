"""What is particular about line items: numbers, frozen prices, exact totals."""

import pytest

from api.models.order_life import LARGEST_ORDER
from tests.shop import a_draft, a_product, href, lineitem, refetch


def test_line_items_are_numbered_inside_of_their_order(client):
    one, two = a_draft(client), a_draft(client)
    numbers = [lineitem(client, order)["id"] for order in (one, one, two, one, two)]
    assert numbers == [1, 2, 1, 3, 2]


def test_a_number_does_not_come_back_inside_of_an_order(client):
    order = a_draft(client)
    lines = [lineitem(client, order) for _ in range(3)]
    client.delete(href(lines[2]))
    assert lineitem(client, order)["id"] == 4


def test_the_price_is_that_of_when_the_product_was_added(client):
    product = a_product(client, price="12.90")
    order = a_draft(client)
    line = lineitem(client, order, product, quantity=3)
    assert (line["unit_price"], line["total"]) == ("12.90", "38.70")
    client.patch(href(product), {"price": "99.00"})
    changed = client.patch(href(line), {"quantity": 2}).json
    assert (changed["unit_price"], changed["total"]) == ("12.90", "25.80")
    assert refetch(client, order)["total"] == "25.80"
    assert lineitem(client, order, product)["unit_price"] == "99.00"


def test_another_product_has_its_own_price(client):
    order = a_draft(client)
    line = lineitem(client, order, a_product(client, price="1.00"))
    other = a_product(client, price="0.35")
    body = {"product": other["id"], "quantity": 3}
    changed = client.put(href(line), body).json
    assert (changed["unit_price"], changed["total"]) == ("0.35", "1.05")


def test_totals_are_exact(client):
    order = a_draft(client)
    for price, quantity in [("0.10", 3), ("0.20", 1), ("1234567.89", 7)]:
        lineitem(client, order, a_product(client, price=price), quantity=quantity)
    assert refetch(client, order)["total"] == "8641975.73"
    client.delete(f"{href(order)}/lineitems/3")
    assert refetch(client, order)["total"] == "0.50"


def test_a_product_in_another_currency_is_409(client):
    order = a_draft(client)
    product = a_product(client, currency="CHF")
    body = {"product": product["id"], "quantity": 1}
    answer = client.post(href(order, "wm:lineitems"), body)
    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/currency-mismatch"
    assert answer.json["errors"][0]["pointer"] == "/product"
    assert refetch(client, order)["_embedded"]["item"] == []


def test_what_was_added_stays_when_its_product_changes_its_currency(client):
    order, product = a_draft(client), a_product(client)
    line = lineitem(client, order, product)
    client.patch(href(product), {"currency": "CHF"})
    assert client.patch(href(line), {"quantity": 5}).status_code == 200


@pytest.mark.parametrize(
    ("member", "value"),
    [("quantity", 0), ("quantity", -1), ("quantity", "1"), ("quantity", 1.5)]
    + [("quantity", None), ("product", 99), ("product", "1"), ("product", None)]
    + [("product", 0), ("unit", 1)],
)
def test_a_wrong_member_is_named(client, member, value):
    order, product = a_draft(client), a_product(client)
    body = {"product": product["id"], "quantity": 1, member: value}
    answer = client.post(href(order, "wm:lineitems"), body)
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json["errors"]] == [f"/{member}"]


def test_what_the_server_computes_is_ignored_in_a_body(client):
    order = a_draft(client)
    line = lineitem(client, order)
    stale = line | {"unit_price": "0.01", "total": "0.01"}
    assert client.put(href(line), stale).json["total"] == line["total"]


def test_a_total_that_is_no_amount_any_more_is_400(client):
    order = a_draft(client)
    product = a_product(client, price="9999999999.99")
    line = lineitem(client, order, product)
    for answer in (
        client.patch(href(line), {"quantity": 2}),
        client.patch(href(line), {"quantity": 2**53 - 1}),
        client.post(href(order, "wm:lineitems"), {"product": 1, "quantity": 1}),
    ):
        assert answer.status_code == 400
        assert answer.json["errors"][0]["pointer"] == "/quantity"
    assert refetch(client, order)["total"] == "9999999999.99"


def test_an_order_holds_so_many_line_items_and_no_more(client):
    order, product = a_draft(client), a_product(client)
    for _ in range(LARGEST_ORDER):
        lineitem(client, order, product)
    body = {"product": product["id"], "quantity": 1}
    answer = client.post(href(order, "wm:lineitems"), body)
    assert answer.json["type"] == "/problems/too-many-lines"
    inside = refetch(client, order)["_embedded"]["item"]
    assert [each["id"] for each in inside] == list(range(1, LARGEST_ORDER + 1))


def test_a_product_with_line_items_can_t_be_deleted(client):
    order, product = a_draft(client), a_product(client)
    line = lineitem(client, order, product)
    answer = client.delete(href(product))
    assert answer.status_code == 409
    assert [each["href"] for each in answer.json["_links"]["related"]] == [href(line)]
    client.delete(href(line))
    assert client.delete(href(product)).status_code == 204


def test_line_items_of_an_order_that_is_no_draft_stay_as_they_are(client):
    order, product = a_draft(client), a_product(client)
    line = lineitem(client, order, product)
    client.put(f"{href(order)}/placement", {})
    before = refetch(client, order)
    body = {"product": product["id"], "quantity": 9}
    for answer in (
        client.post(href(order, "wm:lineitems"), body),
        client.put(href(line), body),
        client.patch(href(line), {"quantity": 9}),
        client.delete(href(line)),
    ):
        assert answer.status_code == 409
        assert answer.json["order_status"] == "placed"
        assert answer.json["allowed"] == ["payment", "cancellation"]
    assert refetch(client, order) == before
