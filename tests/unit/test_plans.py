"""Every page is read from an index, on either engine."""

import re

import pytest

from api.documents import KINDS
from api.storage.counters import NO_OWNER
from api.storage.engine import driver_of
from api.storage.pages import read_page
from api.storage.query import START, Position
from tests.statements import traced
from tests.unit.builders import BOOK_KIND, by

BOOK = BOOK_KIND.model
TABLES = "|".join(kind.plural for kind in KINDS)
# Of tables without rows PostgreSQL would read and sort all, if it were not told so.
UNWANTED = ("seqscan", "sort", "bitmapscan", "incremental_sort")


@pytest.fixture
def plans(connection):
    """Gives the plan of each statement that a function sends to read rows."""
    driver = driver_of(connection)
    is_postgresql = connection.dialect.name == "postgresql"
    if is_postgresql:
        for each in UNWANTED:
            driver.execute(f"SET LOCAL enable_{each} = off")
    explain = "EXPLAIN" if is_postgresql else "EXPLAIN QUERY PLAN"

    def plans_of(read):
        with traced(driver) as seen:
            read()
        assert seen
        return [
            [step[-1] for step in driver.execute(f"{explain} {text}", arguments)]
            for text, arguments in seen
        ]

    return plans_of


def unbounded_steps(plan):
    """Steps that sort a whole table; the outer sort of parts is not one."""
    is_union = any(re.search("UNION ALL|COMPOUND|Append", step) for step in plan)
    sorts = [step for step in plan if re.search(r"TEMP B-TREE|\bSort  ", step)]
    return sorts[1:] if is_union else sorts


def scans(plan):
    """Steps that read a table from its beginning; those of subqueries are none."""
    return [step for step in plan if re.search(rf"(SCAN|Seq Scan on) ({TABLES})", step)]


def owners_of(kind):
    """An owner for collections that have one, none for those that have none."""
    if kind.stands_alone:
        yield NO_OWNER
    if kind.model.owner is not None:
        yield 1


CASES = [
    pytest.param(
        (kind.model, owner, f"{sign}{name}"),
        id=f"{kind.plural} {owner} by {sign}{name}",
    )
    for kind in KINDS
    if not kind.is_single
    for name in kind.shape.members
    if kind.model.is_sortable(name)
    for sign in ("", "-")
    for owner in owners_of(kind)
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    "value", [pytest.param(None, id="null"), pytest.param(1, id="1")]
)
@pytest.mark.parametrize("backward", [False, True])
def test_a_page_in_the_order_of_one_member_is_read_from_an_index(
    connection, plans, case, value, backward
):
    model, owner, sort = case
    column = model.sorted_by(sort.removeprefix("-"))
    if value is None and not column.nullable:
        value = 2
    place = (value, 7)
    for position in (Position(backward), Position(backward, place)):
        found = plans(
            lambda position=position: read_page(
                connection, model, by(sort), position, 5, owner
            ),
        )
        assert [unbounded_steps(plan) for plan in found] == [[]] * len(found), found
        assert not position.values or scans(found[0]) == [], found


def test_the_plan_of_a_sort_without_an_index_would_be_seen(connection, plans):
    def read():
        read_page(connection, BOOK, by("description"), START, 5)

    assert any(unbounded_steps(plan) for plan in plans(read))
