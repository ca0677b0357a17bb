"""What is particular about products."""

import pytest

from tests.shop import a_book, a_draft, href, lineitem

PRODUCT = {"sku": "A-1", "name": "Moby-Dick, bound", "price": "12.9", "currency": "EUR"}


def a_product(client, **members):
    answer = client.post("/products", PRODUCT | members)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_price_is_a_text_with_two_places(client):
    assert a_product(client)["price"] == "12.90"
    assert client.get("/products/1").json["price"] == "12.90"


@pytest.mark.parametrize(
    ("price", "status"),
    [("0", 201), ("9999999999.99", 201), ("0.01", 201)]
    + [
        (price, 400)
        for price in (12.9, 12, "12.905", "-1", "1e2", "NaN", "01", "", None)
    ],
)
def test_a_price_is_an_exact_decimal(client, price, status):
    answer = client.post("/products", PRODUCT | {"price": price})
    assert answer.status_code == status
    if status == 400:
        assert answer.json["errors"][0]["pointer"] == "/price"


def test_products_are_filtered_and_sorted_by_price_as_numbers(client):
    for sku, price in [("a", "9.00"), ("b", "10.50"), ("c", "100.00")]:
        a_product(client, sku=sku, price=price)
    page = client.get("/products?price.gte=9.5&sort=-price&limit=1").json
    assert page["_embedded"]["item"][0]["sku"] == "c"
    page = client.get(page["_links"]["next"]["href"]).json
    assert [each["sku"] for each in page["_embedded"]["item"]] == ["b"]
    assert client.get("/products?price=cheap").status_code == 400


def test_a_product_may_be_a_book_and_both_lead_to_each_other(client):
    a_book(client)
    a_product(client, book=1)
    related = client.get("/products/1").json["_links"]["related"]
    assert [link["href"] for link in related] == ["/books/1"]
    sellers = client.get("/books/1").json["_links"]["related"][-1]["href"]
    assert client.get(sellers).json["total"] == 1


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_a_book_that_does_not_exist_can_not_be_sold(client, method):
    path = "/products"
    if method != "post":
        path = f"/products/{a_product(client, sku='B-2')['id']}"
    answer = getattr(client, method)(path, PRODUCT | {"book": 77})
    assert answer.status_code == 400
    assert answer.json["errors"][0]["pointer"] == "/book"


def test_a_book_that_is_sold_can_not_be_deleted(client):
    a_book(client)
    a_product(client, book=1)
    answer = client.delete("/books/1")
    assert answer.status_code == 409
    users = client.get(answer.json["_links"]["related"][0]["href"]).json
    assert users["_embedded"]["item"][0]["sku"] == "A-1"
    assert client.get("/books/1").status_code == 200
    client.delete("/products/1")
    assert client.delete("/books/1").status_code == 204


@pytest.mark.parametrize("currency", ["eur", "EURO", "XYZ", "", 1])
def test_a_currency_is_a_code_of_iso_4217(client, currency):
    answer = client.post("/products", PRODUCT | {"currency": currency})
    assert answer.json["errors"][0]["pointer"] == "/currency"


def test_a_sku_is_unique(client):
    a_product(client)
    answer = client.post("/products", PRODUCT)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (409, "/sku")


def test_who_uses_a_product_is_told_in_the_order_in_which_they_came(client):
    product = a_product(client)
    lines = [lineitem(client, a_draft(client), product) for _ in range(3)]
    client.patch(href(lines[0]), {"quantity": 2})
    answer = client.delete(href(product))
    assert answer.status_code == 409
    told = [link["href"] for link in answer.json["_links"]["related"]]
    assert told == [href(each) for each in lines]
