"""Pages by keyset, held against the naive sorted list."""

from dataclasses import replace
from itertools import chain
from operator import ge, gt, le, lt

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from api.models.base import sort_key
from api.models.review import REVIEW
from api.storage import rows
from api.storage.engine import driver_of
from api.storage.pages import (
    COUNTED_TO,
    behind,
    count,
    first_of_each,
    position_behind,
    read_page,
)
from api.storage.pages import walk as read_on
from api.storage.query import (
    END,
    START,
    Counting,
    Filter,
    Operator,
    Position,
    Selection,
)
from tests.unit.builders import BOOK_KIND, a_book, by, undone, where

BOOK = BOOK_KIND.model
WORDS = st.sampled_from(["a", "A", "á", "b", "B", "ab", "Ä", "ß", "ss", "z", "Z", "É"])
SORTABLE = ["id", "title", "author", "published", "language", "publisher", "pages"]
SHELVES = st.lists(
    st.fixed_dictionaries(
        {"title": WORDS, "author": WORDS},
        optional={
            "published": st.none() | st.integers(-2, 2),
            "language": st.none() | st.sampled_from(["de", "en"]),
            "publisher": st.none() | WORDS,
            "pages": st.none() | st.integers(1, 3),
        },
    ),
    max_size=14,
)
SORTS = st.lists(
    st.sampled_from(SORTABLE).flatmap(lambda name: st.sampled_from([name, f"-{name}"])),
    max_size=3,
    unique_by=lambda name: name.removeprefix("-"),
)
OPERATORS = {"gt": gt, "gte": ge, "lt": lt, "lte": le}
FILTERS = st.lists(
    st.tuples(
        st.sampled_from(["published", "pages"]),
        st.sampled_from([*OPERATORS, "eq", "ne"]),
        st.integers(-1, 2),
    ),
    max_size=2,
)
LIMITS = st.integers(1, 7)
CHANGES = st.lists(
    st.tuples(
        st.integers(0, 20), st.fixed_dictionaries({"title": WORDS, "author": WORDS})
    ),
    min_size=8,
    max_size=8,
)


def selection_of(sort, filters=()):
    made = tuple(Filter(name, Operator(each), value) for name, each, value in filters)
    return replace(by(*sort), filters=made)


def lets_through(row, filters):
    """What a filter means, said without SQL: null only differs."""
    for name, operator, value in filters:
        stored = getattr(row, name)
        if operator == "ne":
            holds = stored != value
        elif operator == "eq":
            holds = stored == value
        else:
            holds = stored is not None and OPERATORS[operator](stored, value)
        if not holds:
            return False
    return True


def in_order(shelf, sort):
    """The rows sorted by Python, key by key from the last, which keeps ties stable."""
    found = sorted(shelf, key=lambda row: row.id)
    if sort and sort[-1].startswith("-"):
        found.reverse()
    for key in reversed(sort):
        name = key.removeprefix("-")

        def worth(row, name=name):
            value = getattr(row, name)
            if name in {"title", "author"}:
                value = sort_key(value)
            return (value is not None, value)

        with_value = [row for row in found if getattr(row, name) is not None]
        nulls = [row for row in found if getattr(row, name) is None]
        if key.startswith("-"):
            found = _stably_descending(with_value, worth) + nulls
        else:
            found = nulls + sorted(with_value, key=worth)
    return found


def _stably_descending(shelf, worth):
    return sorted(shelf, key=worth, reverse=True)


def walk(connection, selection, limit, start=START, between=lambda: None):
    """The pages from one end to the other."""
    position, pages = start, []
    while position is not None:
        page = read_page(connection, BOOK, selection, position, limit)
        pages.append(page)
        position = page.before if start.backward else page.behind
        between()
        assert len(pages) < 200
    return pages


def ids(pages):
    return [row.id for page in pages for row in page.rows]


@given(SHELVES, SORTS, FILTERS, LIMITS)
@settings(deadline=None, max_examples=100)
def test_walking_either_way_gives_the_naive_order(
    database, shelf, sort, filters, limit
):
    with undone(database):
        made = [a_book(database, **book) for book in shelf]
        wanted = in_order([row for row in made if lets_through(row, filters)], sort)
        selection = selection_of(sort, filters)
        forward = walk(database, selection, limit)
        backward = walk(database, selection, limit, END)
    assert ids(forward) == [row.id for row in wanted]
    assert ids(reversed(backward)) == [row.id for row in wanted]


@given(SHELVES, SORTS, FILTERS, st.integers(0, 13))
@settings(deadline=None, max_examples=100)
def test_behind_any_row_comes_the_rest_of_the_naive_order(
    database, shelf, sort, filters, place
):
    with undone(database):
        made = [a_book(database, **book) for book in shelf]
        wanted = in_order([row for row in made if lets_through(row, filters)], sort)
        selection, start = selection_of(sort, filters), START
        read = list(chain.from_iterable(read_on(database, BOOK, selection, start)))
        if place < len(read):
            start = behind(BOOK, selection, read[place])
        rest = list(chain.from_iterable(read_on(database, BOOK, selection, start)))
    assert [row.id for row in read] == [row.id for row in wanted]
    assert rest == (read[place + 1 :] if place < len(read) else read)


@given(SHELVES, SORTS, LIMITS)
@settings(deadline=None, max_examples=60)
def test_pages_lead_on_and_back_except_at_the_ends(database, shelf, sort, limit):
    with undone(database):
        for book in shelf:
            a_book(database, **book)
        forward = walk(database, by(*sort), limit)
        backward = walk(database, by(*sort), limit, END)
    for pages in (forward, backward[::-1]):
        assert [page.before is None for page in pages] == [True] + [False] * (
            len(pages) - 1
        )
        assert [page.behind is None for page in pages] == [False] * (len(pages) - 1) + [
            True
        ]
        assert all(page.rows for page in pages) or not shelf


@given(SHELVES, SORTS, LIMITS, CHANGES, st.booleans())
@settings(deadline=None, max_examples=100)
def test_what_stood_throughout_is_seen_once(
    database, shelf, sort, limit, changes, backward
):
    coming = iter(changes)
    deleted = set()

    with undone(database):
        made = {row.id: row for row in (a_book(database, **book) for book in shelf)}

        def change():
            number, book = next(coming, (None, None))
            if number is None:
                return
            a_book(database, **book)
            victim = made.get(number)
            if victim is not None and number not in deleted:
                rows.remove(database, BOOK, victim, [])
                deleted.add(number)

        start = END if backward else START
        seen = ids(walk(database, by(*sort), limit, start, change))
    assert len(seen) == len(set(seen))
    assert made.keys() - deleted <= set(seen)


@pytest.mark.parametrize("sort", ["id", "-id", "published", "-published"])
def test_from_a_page_that_became_empty_the_way_leads_back_to_all(connection, sort):
    made = [a_book(connection, published=each) for each in (None, 1, 2)]
    first = read_page(connection, BOOK, by(sort), START, 2)
    (last,) = [row for row in made if row.id not in {each.id for each in first.rows}]
    rows.remove(connection, BOOK, last, [])
    empty = read_page(connection, BOOK, by(sort), first.behind, 2)
    assert (list(empty.rows), empty.behind) == ([], None)
    back = read_page(connection, BOOK, by(sort), empty.before, 2)
    assert ids([back]) == ids([first])


def test_an_empty_page_of_an_empty_collection_leads_nowhere(connection):
    for position in (
        START,
        END,
        Position(values=(7,)),
        Position(backward=True, values=(7,)),
    ):
        page = read_page(connection, BOOK, Selection(), position, 2)
        assert (list(page.rows), page.before, page.behind) == ([], None, None)


@pytest.mark.parametrize("backward", [False, True])
def test_a_position_before_the_first_row_or_behind_the_last_is_an_end(
    connection, backward
):
    made = [a_book(connection).id for _ in range(3)]
    beyond = Position(backward, (made[-1] + 9 if backward else 0,))
    page = read_page(connection, BOOK, Selection(), beyond, 9)
    assert ids([page]) == made
    assert (page.before, page.behind) == (None, None)


def test_a_nested_page_holds_its_owner_s_rows_alone(connection):
    mine, other = a_book(connection).id, a_book(connection).id
    made = [
        rows.insert(connection, REVIEW, a_review(rating), owner).id
        for owner in (mine, other)
        for rating in (1, 2, 3)
    ]
    page = read_page(connection, REVIEW, by("-rating"), START, 2, mine)
    rest = read_page(connection, REVIEW, by("-rating"), page.behind, 2, mine)
    assert ids([page, rest]) == made[2::-1]
    assert rest.behind is None


def test_the_first_of_each_owner_are_one_more_than_shown(connection):
    many, few, none = (a_book(connection).id for _ in range(3))
    made = [
        rows.insert(connection, REVIEW, a_review(5), owner).id
        for owner in (many, few, many, many, many)
    ]
    found = first_of_each(connection, REVIEW, [many, few, none], 2)
    assert {owner: [row.id for row in each] for owner, each in found.items()} == {
        many: [made[0], made[2], made[3]],
        few: [made[1]],
        none: [],
    }
    behind = position_behind(REVIEW, found[many][1])
    assert (
        ids([read_page(connection, REVIEW, Selection(), behind, 9, many)]) == made[3:]
    )


def a_review(rating):
    return {"rating": rating, "comment": None, "reviewer": None}


def test_a_count_is_of_what_the_filter_lets_through(connection):
    for pages in (1, 2, 2, None):
        a_book(connection, pages=pages)
    total = count(connection, BOOK, where("pages", "eq", 2), Counting.BOUNDED)
    assert (total.number, total.is_exact) == (2, True)


@pytest.mark.parametrize(
    ("more", "counting", "number", "is_exact"),
    [
        pytest.param(0, Counting.BOUNDED, COUNTED_TO, True, id="just all"),
        pytest.param(1, Counting.BOUNDED, COUNTED_TO, False, id="one more"),
        pytest.param(1, Counting.EXACT, COUNTED_TO + 1, True, id="exactly"),
    ],
)
def test_a_count_stops_unless_it_must_be_exact(
    connection, more, counting, number, is_exact
):
    _fill(connection, COUNTED_TO + more)
    total = count(connection, BOOK, where("author", "eq", "a"), counting)
    assert (total.number, total.is_exact) == (number, is_exact)


def _fill(connection, number):
    connection.execute(
        sa.text(
            "WITH RECURSIVE n(i) AS"
            " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :number)"
            " INSERT INTO books (title, author, subjects,"
            " title_sort, author_sort, published, version, created, updated)"
            " SELECT cast(i AS text), 'a', '[]', cast(i AS text), 'a',"
            " nullif(i % 50, 0), i, cast(i AS text), cast(i AS text) FROM n"
        ),
        {"number": number},
    )


@pytest.mark.sqlite_only
def test_a_page_of_the_whole_collection_reads_no_more_rows_the_deeper_it_lies(
    connection,
):
    _fill(connection, 5_000)
    driver, costs = driver_of(connection), []
    for place in (None, (3, 100), (49, 4_900)):
        steps = []
        driver.set_progress_handler(lambda steps=steps: steps.append(1) and None, 10)
        position = START if place is None else Position(values=place)
        page = read_page(connection, BOOK, by("published"), position, 20)
        driver.set_progress_handler(None, 0)
        assert page.rows
        costs.append(len(steps))
    assert max(costs) < 2_000
