"""What is particular about steps: the order's life, its only map, and the stock."""

from itertools import product as combinations

import pytest

from api.app import create_app
from api.models.order_life import Status, Step
from api.roles import GRANTED, Caller, Role
from tests.client import Client
from tests.shop import (
    a_customer,
    a_draft,
    a_product,
    follow,
    href,
    kind_named,
    lineitem,
    make,
    refetch,
)

# What the contract says, written down once more by hand.
ALLOWED = {
    Status.DRAFT: {Step.PLACEMENT},
    Status.PLACED: {Step.PAYMENT, Step.CANCELLATION},
    Status.PAID: {Step.SHIPMENT, Step.CANCELLATION},
    Status.SHIPPED: {Step.DELIVERY},
    Status.DELIVERED: set(),
    Status.CANCELLED: set(),
}
WAY_TO = {
    Status.DRAFT: [],
    Status.PLACED: [Step.PLACEMENT],
    Status.PAID: [Step.PLACEMENT, Step.PAYMENT],
    Status.SHIPPED: [Step.PLACEMENT, Step.PAYMENT, Step.SHIPMENT],
    Status.DELIVERED: [Step.PLACEMENT, Step.PAYMENT, Step.SHIPMENT, Step.DELIVERY],
    Status.CANCELLED: [Step.PLACEMENT, Step.CANCELLATION],
}
STEPS = {f"wm:{step}" for step in Step}
BODIES = {
    Step.PLACEMENT: {},
    Step.PAYMENT: {"method": "card", "amount": None},
    Step.SHIPMENT: {"carrier": "Post", "tracking": "1Z <&> 9"},
    Step.DELIVERY: {},
    Step.CANCELLATION: {"reason": "It came too late."},
}


def an_order(client, status=Status.DRAFT, quantity=1, **product):
    """An order with one line item that has come as far as the status."""
    order = a_draft(client)
    lineitem(client, order, a_product(client, **product), quantity)
    for step in WAY_TO[status]:
        answer = take(client, order, step)
        assert answer.status_code == 201, answer.text
    return refetch(client, order)


def take(client, order, step, body=None, **headers):
    return client.put(f"{href(order)}/{step}", body or {}, **headers)


def offered(order):
    return STEPS & order["_links"].keys()


@pytest.fixture
def callers(settings):
    """A client of each role, on one database."""

    async def told(req):
        return Caller(Role(req.get_header("X-Role")), "Ada")

    app = create_app(settings, told)
    return {role: AsRole(app, role) for role in GRANTED}


class AsRole(Client):
    def __init__(self, app, role):
        super().__init__(app)
        self.role = role

    def simulate_request(self, *args, **kwargs):
        kwargs["headers"] = {**(kwargs.get("headers") or {}), "X-Role": self.role}
        return super().simulate_request(*args, **kwargs)


@pytest.mark.parametrize(
    ("status", "step", "role"),
    [*combinations(Status, Step, GRANTED)],
    ids=lambda each: each.value,
)
def test_the_links_are_the_steps_that_succeed(callers, status, step, role):
    order = an_order(callers[Role.ADMIN], status)
    client = callers[role]
    seen = refetch(client, order)
    is_allowed = step in ALLOWED[status] and role is not Role.READER
    assert (f"wm:{step}" in seen["_links"]) is is_allowed
    has_happened = step in WAY_TO[status]
    answer = take(client, order, step)
    if role is Role.READER:
        assert answer.status_code == 403
        assert refetch(client, order) == seen
    elif is_allowed:
        assert answer.status_code == 201
        assert step in {each.rpartition("/")[2] for each in happened(client, order)}
    else:
        assert answer.status_code == (200 if has_happened else 409)
        assert refetch(client, order) == seen


def happened(client, order):
    return [
        each["href"] for each in refetch(client, order)["_links"].get("related", [])
    ]


@pytest.mark.parametrize("status", Status)
def test_every_status_offers_just_its_steps(client, status):
    order = an_order(client, status)
    assert order["status"] == status
    assert offered(order) == {f"wm:{step}" for step in ALLOWED[status]}


def test_an_order_and_its_page_offer_the_same(client):
    order = an_order(client, Status.PLACED)
    assert client.get("/orders").json["_embedded"]["item"] == [order]


@pytest.mark.parametrize("status", Status)
def test_a_refused_step_names_the_status_and_leads_to_those_that_are_allowed(
    client, status
):
    order = an_order(client, status)
    for step in set(Step) - ALLOWED[status] - set(WAY_TO[status]):
        answer = take(client, order, step)
        assert answer.status_code == 409
        assert answer.json["order_status"] == status
        assert set(answer.json["allowed"]) == ALLOWED[status]
        assert STEPS & answer.json["_links"].keys() == offered(order)
        assert status in answer.json["detail"]
        assert href(answer.json, "wm:order") == href(order)


def test_documents_of_readers_and_editors_have_tags_of_their_own(callers):
    order = an_order(callers[Role.ADMIN])
    tags = {callers[role].get(href(order)).headers["etag"] for role in GRANTED}
    assert len(tags) == 3
    pages = {callers[role].get("/orders").headers["etag"] for role in GRANTED}
    assert len(pages) == 3
    for role in GRANTED:
        links = callers[role].get("/orders").json["_embedded"]["item"][0]["_links"]
        assert ("wm:placement" in links) is (role is not Role.READER)


def test_a_step_tells_who_took_it(callers):
    order = an_order(callers[Role.ADMIN])
    assert take(callers[Role.EDITOR], order, Step.PLACEMENT).json["by"] == "Ada"


@pytest.mark.parametrize("role", [Role.READER, Role.EDITOR])
def test_what_only_administrators_write_is_403_for_others(callers, role):
    assert callers[role].put("/configuration", {}).status_code == 403
    assert callers[role].get("/users").status_code == 403
    assert callers[role].get("/configuration").status_code == 200


@pytest.mark.parametrize("step", Step)
def test_a_step_is_not_there_before_and_stays_after(client, step):
    kind = kind_named(step)
    status = next(status for status, steps in ALLOWED.items() if step in steps)
    order = an_order(client, status)
    path = href(order, f"wm:{step}")
    missing = client.get(path)
    assert (missing.status_code, href(missing.json, "up")) == (404, href(order))
    first = client.put(path, BODIES[step])
    assert (first.status_code, first.headers["location"]) == (201, path)
    again = client.put(path, BODIES[step])
    assert (again.status_code, again.json) == (200, first.json)
    read = client.get(path)
    assert read.json == first.json
    assert set(read.json) - {"_links"} == set(kind.shape.members)
    assert client.put(path, read.json).status_code == 200
    for method in ("patch", "delete", "post"):
        assert getattr(client, method)(path).status_code == 405


@pytest.mark.parametrize("step", [Step.PAYMENT, Step.SHIPMENT, Step.CANCELLATION])
def test_the_same_step_with_another_body_is_409(client, step):
    status = next(status for status, steps in ALLOWED.items() if step in steps)
    order = an_order(client, status)
    path = href(order, f"wm:{step}")
    first = client.put(path, BODIES[step])
    answer = client.put(path, {})
    assert answer.status_code == 409
    assert href(answer.json, "latest-version") == path
    assert client.get(path).json == first.json


@pytest.mark.parametrize("status", [*Status][1:])
def test_placement_on_a_later_status_is_still_200(client, status):
    order = an_order(client, status)
    assert take(client, order, Step.PLACEMENT).status_code == 200
    assert refetch(client, order) == order


def test_an_empty_order_is_not_placed_and_does_not_offer_it(client):
    order = a_draft(client)
    answer = take(client, order, Step.PLACEMENT)
    assert (answer.status_code, answer.json["allowed"]) == (409, [])
    assert offered(refetch(client, order)) == set()


def test_a_payment_without_an_amount_is_of_the_total(client):
    order = an_order(client, Status.PLACED, quantity=3, price="12.90")
    paid = take(client, order, Step.PAYMENT)
    assert (paid.json["amount"], order["total"]) == ("38.70", "38.70")
    for same in ({}, {"amount": "38.7"}, {"amount": "38.70"}, {"method": None}):
        assert take(client, order, Step.PAYMENT, same).status_code == 200


@pytest.mark.parametrize("amount", ["38.69", "38.71", "0", "-38.70", 38.7, "much"])
def test_a_payment_of_another_amount_is_400_and_changes_nothing(client, amount):
    order = an_order(client, Status.PLACED, quantity=3, price="12.90")
    answer = take(client, order, Step.PAYMENT, {"amount": amount})
    assert answer.status_code == 400
    assert answer.json["errors"][0]["pointer"] == "/amount"
    assert refetch(client, order) == order


def test_a_step_is_compared_with_the_version_of_its_order(client):
    order = a_draft(client)
    empty = client.get(href(order)).headers["etag"]
    lineitem(client, order)
    filled = client.get(href(order)).headers["etag"]
    assert take(client, order, Step.PLACEMENT, if_match=empty).status_code == 412
    placed = take(client, order, Step.PLACEMENT, if_match=filled)
    assert placed.status_code == 201
    assert placed.headers["etag"] == client.get(href(order)).headers["etag"]
    path = placed.headers["location"]
    assert client.get(path, if_none_match=placed.headers["etag"]).status_code == 304
    assert client.put(path, {}, if_match=placed.headers["etag"]).status_code == 200
    assert client.put(path, {}, if_match=filled).status_code == 412


def test_a_step_s_refused_condition_leads_to_the_order(client, strict_client):
    order = an_order(client)
    stale = take(client, order, Step.PLACEMENT, if_match='"0-json"')
    assert (stale.status_code, href(stale.json, "latest-version")) == (412, href(order))
    missing = take(strict_client, order, Step.PLACEMENT)
    assert missing.status_code == 428
    assert href(missing.json, "latest-version") == href(order)


@pytest.mark.parametrize("step", [Step.PLACEMENT, Step.DELIVERY])
def test_an_empty_form_is_enough(client, step):
    status = next(status for status, steps in ALLOWED.items() if step in steps)
    path = f"{href(an_order(client, status))}/{step}"
    answer = client.send("PUT", path, b"", "application/x-www-form-urlencoded")
    assert answer.status_code == 201


def test_a_step_that_must_be_new_is_412_the_second_time(client):
    order = an_order(client)
    assert take(client, order, Step.PLACEMENT, if_none_match="*").status_code == 201
    assert take(client, order, Step.PLACEMENT, if_none_match="*").status_code == 412


def test_steps_need_a_condition_where_the_settings_say_so(strict_client):
    order = a_draft(strict_client)
    lineitem(strict_client, order)
    assert take(strict_client, order, Step.PLACEMENT).status_code == 428
    tag = strict_client.get(href(order)).headers["etag"]
    placed = take(strict_client, order, Step.PLACEMENT, if_match=tag)
    assert placed.status_code == 201


@pytest.mark.parametrize("body", [{"x": 1}, {"created": "2020-01-01T00:00:00Z"}])
def test_a_step_takes_its_own_members_only(client, body):
    order = an_order(client)
    assert take(client, order, Step.PLACEMENT, body).status_code == 400
    assert offered(refetch(client, order)) == {"wm:placement"}


def test_an_order_that_is_not_there_has_no_steps(client):
    for step in Step:
        assert client.get(f"/orders/77/{step}").status_code == 404
        answer = client.put(f"/orders/77/{step}", {})
        assert (answer.status_code, href(answer.json, "collection")) == (404, "/orders")


def test_the_steps_that_have_happened_are_related(client):
    order = an_order(client, Status.SHIPPED)
    for link, step in zip(
        order["_links"]["related"], WAY_TO[Status.SHIPPED], strict=True
    ):
        assert link["title"] == f"The {step}"
        assert client.get(link["href"]).status_code == 200


def test_an_order_that_is_no_draft_can_t_be_deleted(client):
    order = an_order(client, Status.PLACED)
    answer = client.delete(href(order))
    assert (answer.status_code, answer.json["order_status"]) == (409, "placed")
    assert "DELETE" in client.simulate_options(href(order)).headers["allow"]
    assert refetch(client, order) == order


def test_stock_falls_at_placement_and_rises_at_cancellation(client):
    product = a_product(client, stock=5)
    order = a_draft(client)
    for quantity in (1, 2):
        lineitem(client, order, product, quantity)
    assert refetch(client, product)["stock"] == 5
    take(client, order, Step.PLACEMENT)
    assert refetch(client, product)["stock"] == 2
    take(client, order, Step.PAYMENT)
    take(client, order, Step.CANCELLATION)
    assert refetch(client, product)["stock"] == 5


def test_a_placement_takes_all_or_nothing_and_names_each_product_short(client):
    enough, one, none = (a_product(client, stock=stock) for stock in (9, 1, 0))
    order = a_draft(client)
    for product, quantity in [(enough, 9), (one, 1), (one, 1), (none, 3)]:
        lineitem(client, order, product, quantity)
    before = refetch(client, order)
    answer = take(client, order, Step.PLACEMENT)
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/stock-short")
    assert answer.json["short"] == [
        {"product": one["id"], "sku": one["sku"], "wanted": 2, "left": 1},
        {"product": none["id"], "sku": none["sku"], "wanted": 3, "left": 0},
    ]
    related = [link["href"] for link in answer.json["_links"]["related"]]
    assert related == [href(one), href(none)]
    assert href(answer.json, "wm:lineitems") == href(order, "wm:lineitems")
    stocks = [refetch(client, each)["stock"] for each in (enough, one, none)]
    assert stocks == [9, 1, 0]
    assert refetch(client, order) == before


def test_the_tag_of_a_product_changes_with_its_stock(client):
    product = a_product(client, stock=5)
    tag = client.get(href(product)).headers["etag"]
    order = a_draft(client)
    lineitem(client, order, product)
    take(client, order, Step.PLACEMENT)
    assert client.put(href(product), product, if_match=tag).status_code == 412


def test_two_buyers_can_t_get_the_last_copy(client):
    product = a_product(client, stock=1)
    orders = [a_draft(client) for _ in range(2)]
    for order in orders:
        lineitem(client, order, product)
    answers = [take(client, order, Step.PLACEMENT) for order in orders]
    assert [each.status_code for each in answers] == [201, 409]


def test_a_client_that_knows_the_root_buys_three_copies(client):
    """It follows relations only; no URL is built and none is guessed."""
    make(client, kind_named("product"), name="Moby-Dick, bound", stock=4, price="12.90")
    root = client.get("/").json
    [product] = follow(client, root, "wm:products")["_embedded"]["item"]
    buyer = {"name": "Ishmael", "email": "ishmael@example.org"}
    customer = client.post(href(root, "wm:customers"), buyer).json
    order = client.post(href(customer, "wm:orders"), {"note": "For the voyage"}).json
    copies = {"product": product["id"], "quantity": 3}
    client.post(href(order, "wm:lineitems"), copies)
    for rel in ("wm:placement", "wm:payment", "wm:shipment", "wm:delivery"):
        order = refetch(client, order)
        assert client.put(href(order, rel), {}).status_code == 201
    order = refetch(client, order)
    assert (order["status"], order["total"]) == ("delivered", "38.70")
    assert offered(order) == set()
    assert refetch(client, product)["stock"] == 1
    assert follow(client, customer, "wm:orders")["_embedded"]["item"] == [order]


def test_steps_are_private_and_speak_xml(client):
    order = an_order(client, Status.PAID)
    answer = client.get(f"{href(order)}/payment", accept="application/xml")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "<amount>" in answer.text
    again = client.send(
        "PUT", f"{href(order)}/payment", answer.content, "application/xml"
    )
    assert again.status_code == 200


def test_an_order_s_customer_may_not_be_another(client):
    order = a_draft(client)
    other = a_customer(client)
    path = href(other) + href(order) + "/placement"
    assert client.put(path, {}).status_code == 404
