"""The sample shop: whole, exact, once, and never over somebody's own."""

from collections import Counter
from dataclasses import asdict
from decimal import Decimal

import pytest

from api import sample
from api.models.configuration import CONFIGURATION
from api.models.customer import CUSTOMER
from api.models.lineitem import LINEITEM
from api.models.order import ORDER
from api.models.order_life import Status, Step
from api.models.product import PRODUCT
from api.models.step import STEPS
from api.protocol.members import draft_of
from api.storage import rows
from api.storage.counters import count_of
from api.storage.loading import is_loaded
from api.storage.pages import read_page
from api.storage.query import START, Selection
from api.storage.sampling import MADE, make_sample
from schemas.customer import CustomerSchema
from schemas.product import ProductSchema
from tests.unit.builders import BOOK_KIND, a_book

NOUNS = (PRODUCT, CUSTOMER, ORDER)
WHOLE = (12, 4, 8)
STATUSES = ("draft", "draft", "placed", "paid", "shipped", "delivered")
STATUSES += ("cancelled", "cancelled")
TOTALS = ("0.00", "31.40", "43.80", "43.95", "66.45", "89.90", "49.50", "26.97")
STOCK = {"SAMPLE-PRIDE": 11, "SAMPLE-MOBY": 7, "SAMPLE-HOLMES": 6, "SAMPLE-KAFKA": 38}
STOCK |= {"SAMPLE-PEACE": 2, "SAMPLE-DORIAN": 17, "SAMPLE-MONTE": 0}
STOCK |= {"SAMPLE-DRACULA": 8, "SAMPLE-FRANK": 20, "SAMPLE-CITIES": 14}
STOCK |= {"SAMPLE-ALICE": 15, "SAMPLE-HEIGHTS": 0}


def totals(connection):
    return tuple(count_of(connection, noun).total for noun in NOUNS)


def all_of(connection, model):
    found = read_page(connection, model, Selection(), START, 50).rows
    return [rows.find(connection, model, (row.id,)) for row in found]


def lines_of(connection, order):
    numbers = range(1, order.lines + 1)
    return [rows.find(connection, LINEITEM, (order.id, each)) for each in numbers]


def product_values(**changes):
    values = {"name": "My own", "description": None, "price": "1.00", "stock": 1}
    return values | {"currency": "EUR", "book": None, **changes}


def customer_values(**changes):
    return asdict(sample.CUSTOMERS[0]) | {"name": "My own", **changes}


def test_the_shop_is_whole_on_an_empty_catalogue(connection):
    assert make_sample(connection)
    assert totals(connection) == WHOLE
    assert {product.book for product in all_of(connection, PRODUCT)} == {None}


def test_products_name_their_books_and_leave_them_as_they_are(connection):
    whale, vampire = (a_book(connection, gutenberg_id=each) for each in (2701, 345))
    make_sample(connection)
    named = {each.sku: each.book for each in all_of(connection, PRODUCT) if each.book}
    assert named == {"SAMPLE-MOBY": whale.id, "SAMPLE-DRACULA": vampire.id}
    assert all_of(connection, BOOK_KIND.model) == [whale, vampire]


def test_every_status_is_there_and_says_that_it_is_a_sample(connection):
    make_sample(connection)
    orders = all_of(connection, ORDER)
    assert tuple(order.status for order in orders) == STATUSES
    assert {order.status for order in orders} == set(Status)
    assert {order.note for order in orders} == {"Sample order"}


def test_totals_are_exact(connection):
    make_sample(connection)
    orders = all_of(connection, ORDER)
    assert tuple(order.total for order in orders) == TOTALS
    for order in orders:
        lines = lines_of(connection, order)
        sums = [Decimal(line.unit_price) * line.quantity for line in lines]
        assert Decimal(order.total) == sum(sums)


def test_what_was_placed_is_out_of_stock_and_what_was_cancelled_is_back(connection):
    make_sample(connection)
    assert {each.sku: each.stock for each in all_of(connection, PRODUCT)} == STOCK


def test_every_step_stands_at_the_orders_that_took_it(connection):
    make_sample(connection)
    for step, model in STEPS.items():
        orders = all_of(connection, ORDER)
        taken = [each for each in orders if rows.seek(connection, model, (each.id,))]
        assert taken == [each for each in orders if step in each.taken]
        assert taken


def test_each_payment_is_of_the_whole_total(connection):
    make_sample(connection)
    paid = [each for each in all_of(connection, ORDER) if Step.PAYMENT in each.taken]
    for order in paid:
        payment = rows.find(connection, STEPS[Step.PAYMENT], (order.id,))
        assert payment.amount == order.total
    assert len(paid) == 4


def test_all_is_in_the_shop_s_currency(connection):
    values = {"name": "Mine", "currency": "CHF", "language": "de"}
    rows.insert(connection, CONFIGURATION, {**values, "contact_email": None})
    make_sample(connection)
    sold = [*all_of(connection, PRODUCT), *all_of(connection, ORDER)]
    assert {each.currency for each in sold} == {"CHF"}


def test_versions_are_the_numbers_of_changes(connection):
    make_sample(connection)
    for noun in NOUNS:
        versions = [each.version for each in all_of(connection, noun)]
        assert len(set(versions)) == len(versions)
        assert max(versions) <= count_of(connection, noun).version
    mine = Counter(order.customer for order in all_of(connection, ORDER))
    for customer, number in mine.items():
        assert count_of(connection, ORDER, customer).total == number


def test_a_second_time_nothing_happens(connection):
    assert make_sample(connection)
    before = [all_of(connection, noun) for noun in NOUNS]
    assert not make_sample(connection)
    assert [all_of(connection, noun) for noun in NOUNS] == before


def test_what_was_changed_or_deleted_since_stays_so(connection):
    make_sample(connection)
    first, *_, last = all_of(connection, PRODUCT)
    changed = rows.replace(connection, PRODUCT, first, {"name": "Mine", "sku": "OWN"})
    rows.remove(connection, PRODUCT, last, [LINEITEM])
    assert not make_sample(connection)
    assert totals(connection) == (11, 4, 8)
    assert all_of(connection, PRODUCT)[0] == changed


@pytest.mark.parametrize(
    ("model", "values"),
    [(PRODUCT, product_values(sku="OWN")), (CUSTOMER, customer_values())],
)
def test_a_shop_of_its_own_gets_no_sample(connection, model, values):
    own = rows.insert(connection, model, values)
    assert not make_sample(connection)
    assert all_of(connection, model) == [own]
    assert not is_loaded(connection, MADE)


def test_a_client_could_have_sent_the_same(connection):
    make_sample(connection)
    for model, schema in ((PRODUCT, ProductSchema()), (CUSTOMER, CustomerSchema())):
        for row in all_of(connection, model):
            members = {name: getattr(row, name) for name in schema.load_fields}
            assert draft_of(schema, members).values == members


def test_nothing_claims_to_be_real():
    for product in sample.PRODUCTS:
        assert product.sku.startswith("SAMPLE-")
        assert product.name.endswith("(sample)")
    domains = {each.email.partition("@")[2] for each in sample.CUSTOMERS}
    assert domains <= {"example.org", "example.com", "example.net"}
    assert not any(each.phone for each in sample.CUSTOMERS)
