"""Many buyers at once: no copy is sold twice, none is lost, and each buyer is told."""

import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from decimal import Decimal
from uuid import uuid4

import pytest
import requests
from liveserver import PATIENCE, all_at_once

BUYERS = 20
SECONDS = 6
PLACEMENT, PAYMENT, CANCELLATION = "placement", "payment", "cancellation"
STATUS_AFTER = {PLACEMENT: "placed", PAYMENT: "paid", CANCELLATION: "cancelled"}
LINEITEMS = "wm:lineitems"


class Visitor:
    """Somebody with a connection of their own, who goes where links lead."""

    def __init__(self, url, session):
        self._url = url
        self._session = session

    def send(self, method, href, body=None):
        url = self._url + href
        return self._session.request(method, url, json=body, timeout=PATIENCE)

    def get(self, document):
        """The answer that tells how the document's resource stands now."""
        answer = self.send("GET", href_in(document))
        assert answer.status_code == 200, answer.text
        return answer

    def read(self, document):
        """The document as it stands now."""
        return self.get(document).json()

    def root(self):
        return self.send("GET", "/").json()

    def add(self, document, relation, **members):
        """The answer to a POST where the link leads."""
        return self.send("POST", href_in(document, relation), members)

    def make(self, document, relation, **members):
        """What a POST made where the link leads."""
        answer = self.add(document, relation, **members)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def take(self, order, step):
        """The answer to a PUT of the step, which the order must offer."""
        return self.send("PUT", href_in(order, f"wm:{step}"), {})

    def walk(self, page):
        """The members on the page and on all that follow it."""
        while page is not None:
            yield from page["_embedded"]["item"]
            is_last = "next" not in page["_links"]
            page = None if is_last else self.send("GET", href_in(page, "next")).json()


@contextmanager
def a_visitor(server):
    with requests.Session() as session:
        yield Visitor(server.url, session)


@pytest.fixture
def clerk(server):
    """Who prepares the shop for a test, and looks at what came of it."""
    with a_visitor(server) as visitor:
        yield visitor


@pytest.fixture(scope="module")
def crowd(server):
    """A crowd that has gone home."""
    with a_visitor(server) as visitor:
        crowd = Crowd(visitor)
    together(server, crowd.run)
    return crowd


def test_of_20_buyers_of_the_last_3_copies_exactly_3_get_one(server, clerk):
    product = a_product(clerk, stock=3)
    drafts = [a_draft(clerk, (product, 1)) for _ in range(BUYERS)]
    answers = place_together(server, drafts)
    assert Counter(each.status_code for each in answers) == {201: 3, 409: 17}
    assert clerk.read(product)["stock"] == 0
    statuses = Counter(clerk.read(each)["status"] for each in drafts)
    assert statuses == {"placed": 3, "draft": 17}


def test_a_buyer_who_came_too_late_is_told_what_is_short(server, clerk):
    product = a_product(clerk, stock=3)
    drafts = [a_draft(clerk, (product, 1)) for _ in range(BUYERS)]
    answers = place_together(server, drafts)
    told = [each.json() for each in answers if each.status_code == 409]
    assert {each["type"] for each in told} == {"/problems/stock-short"}
    named = {"product": product["id"], "sku": product["sku"]}
    short = [{**named, "wanted": 1, "left": 0}]
    assert [each["short"] for each in told] == [short] * 17


def test_a_buyer_who_came_too_late_keeps_the_draft_as_it_was(server, clerk):
    product, plenty = a_product(clerk, stock=3), a_product(clerk, stock=100)
    drafts = [a_draft(clerk, (plenty, 1), (product, 1)) for _ in range(BUYERS)]

    def buy(buyer, place):
        before = buyer.get(drafts[place])
        status = buyer.take(before.json(), PLACEMENT).status_code
        placement = buyer.send("GET", href_in(before.json(), f"wm:{PLACEMENT}"))
        after = buyer.get(before.json())
        is_same = before.headers["ETag"] == after.headers["ETag"]
        is_alike = before.json() == after.json()
        return status, placement.status_code, is_same, is_alike

    outcomes = Counter(together(server, buy))
    assert outcomes == {(201, 200, False, False): 3, (409, 404, True, True): 17}
    assert clerk.read(plenty)["stock"] == 97


def test_of_20_placements_of_one_order_one_takes_stock_and_all_are_answered_alike(
    server, clerk
):
    product = a_product(clerk, stock=5)
    order = a_draft(clerk, (product, 2))
    answers = together(server, lambda buyer, _: buyer.take(order, PLACEMENT))
    assert Counter(each.status_code for each in answers) == {201: 1, 200: 19}
    assert len({(each.headers["ETag"], each.content) for each in answers}) == 1
    assert clerk.read(product)["stock"] == 3


def test_of_20_cancellations_of_one_order_one_gives_back_stock(server, clerk):
    product = a_product(clerk, stock=5)
    order = a_draft(clerk, (product, 2))
    clerk.take(order, PLACEMENT)
    order = clerk.read(order)
    answers = together(server, lambda buyer, _: buyer.take(order, CANCELLATION))
    assert Counter(each.status_code for each in answers) == {201: 1, 200: 19}
    assert clerk.read(product)["stock"] == 5


def test_20_line_items_that_are_added_at_once_get_the_numbers_1_to_20(server, clerk):
    product = a_product(clerk, stock=0, price="19.99")
    order = a_draft(clerk)

    def add(buyer, place):
        line = {"product": product["id"], "quantity": place + 1}
        return buyer.make(order, LINEITEMS, **line)["id"]

    assert sorted(together(server, add)) == list(range(1, BUYERS + 1))
    order = clerk.read(order)
    bought = [each["quantity"] for each in order["_embedded"]["item"]]
    assert sorted(bought) == list(range(1, BUYERS + 1))
    assert order["total"] == str(Decimal("19.99") * sum(bought))


def test_in_a_crowd_nobody_is_told_an_error(crowd):
    statuses = {status for _, _, status in crowd.answers}
    assert statuses - {200} == {201, 409}


def test_in_a_crowd_stock_and_what_is_ordered_add_up(crowd, clerk):
    assert crowd.stocks_and_ordered(clerk) == crowd.initial


def test_in_a_crowd_nobody_sees_less_than_no_stock_or_more_than_there_was(crowd):
    assert len(crowd.stocks_seen) > 3
    assert crowd.stocks_out_of_bounds() == []


def test_in_a_crowd_each_order_stands_as_its_buyers_were_told(crowd, clerk):
    found = {each["id"]: each["status"] for each in crowd.all_orders(clerk)}
    assert found == {**dict.fromkeys(found, "draft"), **crowd.statuses_told()}
    assert crowd.told_as_first_twice() == []


class Crowd:
    """Buyers who fill, place, pay and cancel the same few orders, and an onlooker."""

    orders_open = 24
    most_lines = 4

    def __init__(self, clerk):
        chance = random.Random(0)
        # Any one order can be placed, and all together want far more than there is.
        self.products = [a_product(clerk, stock=stock) for stock in (12, 16, 20)]
        self.initial = {each["id"]: each["stock"] for each in self.products}
        self.orders = [self.a_draft(clerk, chance) for _ in range(self.orders_open)]
        self.answers = []
        self.stocks_seen = []
        self.end = time.monotonic() + SECONDS

    def run(self, visitor, place):
        """Act until it is over; the one at the first place only looks on."""
        chance = random.Random(place)
        while time.monotonic() < self.end:
            if place:
                self.act(visitor, chance)
            else:
                seen = [visitor.read(each) for each in self.products]
                self.stocks_seen += [(each["id"], each["stock"]) for each in seen]

    def act(self, visitor, chance):
        """Do something with one of the orders that it offers."""
        number = chance.randrange(self.orders_open)
        order = visitor.read(self.orders[number])
        offered = [each for each in STATUS_AFTER if f"wm:{each}" in order["_links"]]
        if len(order["_embedded"]["item"]) < self.most_lines:
            offered.append(LINEITEMS)
        if not offered:
            return
        deed = chance.choice(offered)
        if deed == LINEITEMS:
            answer = visitor.add(order, deed, **self.a_line(chance))
        else:
            answer = visitor.take(order, deed)
        self.answers.append((order["id"], deed, answer.status_code))
        if (deed, answer.status_code) == (CANCELLATION, 201):
            self.orders[number] = self.a_draft(visitor, chance)

    def a_draft(self, visitor, chance):
        draft = a_draft(visitor)
        for _ in range(chance.randint(1, self.most_lines - 1)):
            visitor.make(draft, LINEITEMS, **self.a_line(chance))
        return draft

    def a_line(self, chance):
        product = chance.choice(self.products)["id"]
        return {"product": product, "quantity": chance.randint(1, 3)}

    def statuses_told(self):
        """The status of each order that is no draft, going by the answers."""
        return {
            order: status
            for step, status in STATUS_AFTER.items()
            for order, deed, answered in self.answers
            if deed == step and answered in {200, 201}
        }

    def told_as_first_twice(self):
        """The steps of an order that were answered with 201 more than once."""
        steps = [each for each in self.answers if each[1] in STATUS_AFTER]
        first = Counter(each for each in steps if each[2] == 201)
        return [each for each, count in first.items() if count > 1]

    def stocks_out_of_bounds(self):
        """What the onlooker saw of products that were below 0 or more than all."""
        return [
            (product, stock)
            for product, stock in self.stocks_seen
            if not 0 <= stock <= self.initial[product]
        ]

    def stocks_and_ordered(self, visitor):
        """What there is of each product, with what orders hold of it."""
        found = {each["id"]: visitor.read(each)["stock"] for each in self.products}
        for order in self.all_orders(visitor):
            if order["status"] in {"placed", "paid"}:
                for line in order["_embedded"]["item"]:
                    found[line["product"]] += line["quantity"]
        return found

    def all_orders(self, visitor):
        """Every order for the products, found from the root."""
        first = visitor.send("GET", href_in(visitor.root(), "wm:orders")).json()
        for order in visitor.walk(first):
            lines = order["_embedded"]["item"]
            if any(each["product"] in self.initial for each in lines):
                yield order


def place_together(server, drafts):
    """The answers to 20 buyers, each of whom places one of the drafts."""
    return together(server, lambda buyer, place: buyer.take(drafts[place], PLACEMENT))


def together(server, function):
    """What the function gives to each of 20 visitors, who act at the same moment."""
    barrier = threading.Barrier(BUYERS)

    def run(place):
        with a_visitor(server) as visitor:
            # Their connections are open before, so that none of them comes later.
            visitor.root()
            barrier.wait(PATIENCE)
            return function(visitor, place)

    return all_at_once(BUYERS, run)


def a_product(visitor, *, stock, price="1.10"):
    members = {"name": "Emma", "price": price, "currency": "EUR", "stock": stock}
    return visitor.make(visitor.root(), "wm:products", sku=uuid4().hex, **members)


def a_draft(visitor, *lines):
    """A draft of a new customer; each line is a product and a quantity."""
    email = f"{uuid4().hex}@example.org"
    customer = visitor.make(visitor.root(), "wm:customers", name="Jane", email=email)
    draft = visitor.make(customer, "wm:orders")
    for product, quantity in lines:
        visitor.make(draft, LINEITEMS, product=product["id"], quantity=quantity)
    return visitor.read(draft)


def href_in(document, relation="self"):
    return document["_links"][relation]["href"]
