"""The order's rules by themselves, and totals against whole numbers."""

from itertools import product as combinations
from random import Random
from types import SimpleNamespace

import pytest

from api.documents import KINDS
from api.errors import InvalidBody, NotAllowedInStatus
from api.models.base import Known, amount_of, cents_of
from api.models.customer import CUSTOMER
from api.models.lineitem import LINEITEM, derive
from api.models.order import ORDER
from api.models.order_life import (
    Status,
    Step,
    allowed_steps,
    require_allowed,
    require_draft,
)
from api.models.product import PRODUCT
from api.models.step import STEPS
from api.roles import GRANTED, Rights, Role
from api.storage import rows

ALLOWED = {
    ("draft", "placement"),
    ("placed", "payment"),
    ("placed", "cancellation"),
    ("paid", "shipment"),
    ("paid", "cancellation"),
    ("shipped", "delivery"),
}


def an_order(status, lines=1):
    return SimpleNamespace(id=7, status=status, lines=lines, total="5.00")


@pytest.mark.parametrize(("status", "step"), [*combinations(Status, Step)])
def test_a_step_is_allowed_or_refused_as_the_map_says(status, step):
    order = an_order(status)
    assert (step in allowed_steps(order)) is ((status, step) in ALLOWED)
    if (status, step) in ALLOWED:
        require_allowed(order, step)
        return
    with pytest.raises(NotAllowedInStatus) as caught:
        require_allowed(order, step)
    assert caught.value.allowed == allowed_steps(order)
    assert (caught.value.order, caught.value.order_status) == (7, status)


def test_an_empty_order_has_nowhere_to_go():
    order = an_order(Status.DRAFT, lines=0)
    assert allowed_steps(order) == ()
    with pytest.raises(NotAllowedInStatus, match="without line items"):
        require_allowed(order, Step.PLACEMENT)


@pytest.mark.parametrize("status", Status)
def test_only_drafts_are_filled_and_removed(status):
    for check in (
        require_draft,
        lambda order: ORDER.gate("DELETE", Known(present=order)),
        lambda order: LINEITEM.gate("PUT", Known(parent=order)),
    ):
        if status is Status.DRAFT:
            check(an_order(status))
        else:
            with pytest.raises(NotAllowedInStatus):
                check(an_order(status))


@pytest.mark.parametrize(
    ("amount", "is_right"), [("5.00", True), ("4.99", False), ("5.01", False)]
)
def test_a_payment_is_of_the_total(amount, is_right):
    known = Known(parent=an_order(Status.PLACED))
    rule = STEPS[Step.PAYMENT].rule
    if is_right:
        rule({"amount": amount}, known)
    else:
        with pytest.raises(InvalidBody):
            rule({"amount": amount}, known)


def access(noun):
    return next(kind.access for kind in KINDS if kind.name == noun)


@pytest.mark.parametrize(("role", "step"), [*combinations(GRANTED, Step)])
def test_steps_are_for_those_who_write(role, step):
    assert Rights(role).may("PUT", access(step)) is (role is not Role.READER)
    assert Rights(role).may("GET", access(step))


@pytest.mark.parametrize(
    ("role", "method", "noun", "allowed"),
    [
        (Role.READER, "GET", "book", True),
        (Role.READER, "HEAD", "order", True),
        (Role.READER, "POST", "review", False),
        (Role.READER, "GET", "user", False),
        (Role.EDITOR, "DELETE", "book", True),
        (Role.EDITOR, "PUT", "configuration", False),
        (Role.EDITOR, "GET", "configuration", True),
        (Role.EDITOR, "PUT", "customer_configuration", True),
        (Role.EDITOR, "GET", "user", False),
        (Role.ADMIN, "PUT", "configuration", True),
        (Role.ADMIN, "POST", "user", True),
    ],
)
def test_roles_may_do_what_the_contract_says(role, method, noun, allowed):
    assert Rights(role).may(method, access(noun)) is allowed


def test_ten_thousand_line_items_total_like_whole_numbers():
    random = Random(3)
    for _ in range(10_000):
        cents, quantity = random.randrange(10**6), random.randrange(1, 10**6)
        product = SimpleNamespace(id=1, price=amount_of(cents))
        line = derive({"quantity": quantity}, Known(named={"product": product}))
        whole, part = divmod(cents * quantity, 100)
        assert line["total"] == f"{whole}.{part:02d}"


def test_totals_of_random_orders_are_those_of_whole_numbers(connection, engine):
    # On the other engine the same arithmetic is done, but it is ten times as far.
    random, number = Random(4), {"sqlite": 10_000}.get(engine, 200)
    prices = [random.randrange(100_000) for _ in range(20)]
    products = [
        a_product(connection, number, each) for number, each in enumerate(prices)
    ]
    customer = rows.insert(connection, CUSTOMER, CUSTOMER_VALUES)
    for _ in range(number):
        order = rows.insert(connection, ORDER, {"note": None}, customer.id)
        total = 0
        for _ in range(random.randrange(1, 4)):
            which, quantity = random.randrange(20), random.randrange(1, 1000)
            values = {"product": products[which].id, "quantity": quantity}
            rows.insert(connection, LINEITEM, values, order.id)
            total += prices[which] * quantity
        kept = rows.find(connection, ORDER, (order.id,)).total
        assert cents_of(kept) == total
        assert kept == f"{total // 100}.{total % 100:02d}"


CUSTOMER_VALUES = dict.fromkeys(
    ("phone", "street", "city", "postal_code", "country")
) | {
    "name": "Ada",
    "email": "ada@example.org",
}


def a_product(connection, number, cents):
    values = {"sku": f"{number}", "name": "x", "description": None, "book": None}
    values |= {"price": amount_of(cents), "currency": "EUR", "stock": 0}
    return rows.insert(connection, PRODUCT, values)
