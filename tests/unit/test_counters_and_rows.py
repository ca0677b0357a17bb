"""Rows with their versions, totals and ripples."""

from fractions import Fraction
from itertools import combinations_with_replacement
from math import floor

import pytest

from api.errors import (
    AlreadyExists,
    DuplicateValue,
    NotFound,
    Place,
    VersionMismatch,
)
from api.models.base import Json, Model, sort_key
from api.models.item import ITEM
from api.models.review import REVIEW
from api.models.task import TASK
from api.storage import rows
from api.storage.counters import NONE_YET, count_of, counts_of
from tests.unit.builders import BOOK_KIND, a_book, book_values, savepoint

BOOK = BOOK_KIND.model


def an_item(connection, key="a", value=1):
    return rows.insert(connection, ITEM, {"key": key, "value": value})


def a_review(connection, book, rating=5):
    values = {"rating": rating, "comment": None, "reviewer": None}
    return rows.insert(connection, REVIEW, values, book.id)


def again(connection, book):
    return rows.find(connection, BOOK, (book.id,))


def test_no_version_of_a_key_ever_comes_back(connection):
    versions = []
    for value in range(3):
        row = an_item(connection, value=value)
        changed = rows.replace(connection, ITEM, row, {"key": "a", "value": f"{value}"})
        versions += [row.version, changed.version]
        rows.remove(connection, ITEM, changed, [])
    assert versions == sorted(set(versions))


def test_no_id_of_a_numbered_row_ever_comes_back(connection):
    first = a_book(connection)
    rows.remove(connection, BOOK, first, [])
    assert a_book(connection).id > first.id


def test_a_total_follows_each_write(connection):
    assert count_of(connection, ITEM) == NONE_YET
    first, _ = an_item(connection, "a"), an_item(connection, "b")
    assert count_of(connection, ITEM).total == 2
    rows.replace(connection, ITEM, first, {"key": "a", "value": 9})
    assert count_of(connection, ITEM).total == 2
    rows.remove(connection, ITEM, rows.find(connection, ITEM, ("a",)), [])
    assert (count_of(connection, ITEM).total, count_of(connection, ITEM).version) == (
        1,
        4,
    )


def test_totals_of_nested_collections_are_their_owners(connection):
    one, two, three = (a_book(connection) for _ in range(3))
    for owner in (one, one, two):
        a_review(connection, owner)
    found = counts_of(connection, REVIEW, [one.id, two.id, three.id])
    assert [found[each.id].total for each in (one, two, three)] == [2, 1, 0]


def test_what_belongs_to_a_row_goes_with_it(connection):
    book = a_book(connection)
    review = a_review(connection, book)
    rows.remove(connection, BOOK, again(connection, book), [REVIEW])
    assert count_of(connection, REVIEW, book.id) == NONE_YET
    assert rows.seek(connection, REVIEW, (book.id, review.id)) is None


def test_a_replacement_that_changes_nothing_keeps_the_version(connection):
    book = a_book(connection, subjects=["War"], pages=3)
    same = rows.replace(connection, BOOK, book, book_values(subjects=["War"], pages=3))
    assert same is book
    assert count_of(connection, BOOK).version == book.version


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(1, 2, id="another number"),
        pytest.param(1, True, id="one and true"),
        pytest.param(False, 0, id="false and zero"),
        pytest.param({"a": [1]}, {"a": [True]}, id="inside"),
        pytest.param(0, None, id="zero and null"),
        pytest.param("1", 1, id="text and number"),
        pytest.param([], {}, id="array and object"),
    ],
)
def test_a_replacement_by_another_value_is_kept(connection, before, after):
    row = an_item(connection, value=before)
    changed = rows.replace(connection, ITEM, row, {"key": "a", "value": after})
    found = rows.find(connection, ITEM, ("a",))
    assert (repr(found.value), found.version) == (repr(after), changed.version)
    assert changed.version > row.version


@pytest.mark.parametrize(
    "value", [2**64, 10**999, 0.1, 1.10, -0.0, None, "", "\u2028", {"a": [None, True]}]
)
def test_a_free_value_is_kept_exactly(connection, value):
    an_item(connection, value=value)
    assert repr(rows.find(connection, ITEM, ("a",)).value) == repr(value)


def test_a_row_that_was_changed_since_is_not_written(connection):
    stale = an_item(connection)
    rows.replace(connection, ITEM, stale, {"key": "a", "value": 2})
    with pytest.raises(VersionMismatch):
        rows.replace(connection, ITEM, stale, {"key": "a", "value": 3})
    with pytest.raises(VersionMismatch):
        rows.remove(connection, ITEM, stale, [])
    assert rows.find(connection, ITEM, ("a",)).value == 2


def test_a_key_that_is_taken_says_where(connection):
    an_item(connection)
    with pytest.raises(AlreadyExists, match="'a'") as caught:
        an_item(connection)
    assert caught.value.present == Place("item", ("a",))


@pytest.mark.parametrize(
    ("member", "value"), [("isbn", "9780306406157"), ("gutenberg_id", 36)]
)
def test_a_unique_value_that_is_taken_names_its_member(connection, member, value):
    a_book(connection, **{member: value})
    other = a_book(connection)
    for write in (
        lambda: a_book(connection, **{member: value}),
        lambda: rows.replace(connection, BOOK, other, book_values(**{member: value})),
    ):
        with savepoint(connection), pytest.raises(DuplicateValue) as caught:
            write()
        assert [fault.pointer for fault in caught.value.faults] == [f"/{member}"]


def test_unique_members_may_be_null_many_times(connection):
    assert a_book(connection).isbn is a_book(connection).isbn is None


def test_a_broken_rule_of_another_sort_is_a_fault_of_ours(connection):
    with pytest.raises(TypeError, match="not a unique constraint"):
        rows.insert(connection, ITEM, {"key": None, "value": 1})


def test_what_is_missing_names_where_to_look(connection):
    book = a_book(connection)
    with pytest.raises(NotFound, match="reviews") as caught:
        rows.find(connection, REVIEW, (book.id, 9))
    assert caught.value.within == Place("reviews", (book.id,))


def test_below_what_is_missing_the_missing_parent_is_named(connection):
    with pytest.raises(NotFound, match="books") as caught:
        rows.find(connection, REVIEW, (999, 9))
    assert caught.value.within == Place("books")


def test_a_review_is_found_at_its_own_book_only(connection):
    book, other = a_book(connection), a_book(connection)
    review = a_review(connection, book)
    assert rows.find(connection, REVIEW, (book.id, review.id)) == review
    with pytest.raises(NotFound):
        rows.find(connection, REVIEW, (other.id, review.id))


def test_a_parent_must_exist_where_there_is_one(connection):
    rows.require_parent(connection, TASK, ())
    rows.require_parent(connection, REVIEW, (a_book(connection).id,))
    with pytest.raises(NotFound):
        rows.require_parent(connection, REVIEW, (999,))


def half_up(ratings):
    """The mean with one decimal, halves away from zero, in fractions."""
    if not ratings:
        return None
    return floor(Fraction(sum(ratings), len(ratings)) * 10 + Fraction(1, 2)) / 10


@pytest.mark.parametrize("number", range(5))
def test_a_rating_is_the_mean_rounded_half_up(connection, number):
    for ratings in combinations_with_replacement(range(1, 6), number):
        book = a_book(connection)
        for rating in ratings:
            a_review(connection, book, rating)
        found = again(connection, book)
        assert (found.rating, found.reviews) == (half_up(ratings), number)


def test_a_half_is_rounded_up(connection):
    book = a_book(connection)
    for rating in [4] * 11 + [5] * 9:
        a_review(connection, book, rating)
    assert again(connection, book).rating == half_up([4] * 11 + [5] * 9) == 4.5
    for rating in [4, 4, 4, 5]:
        a_review(connection, other := a_book(connection), rating)
    assert again(connection, other).rating == 5.0


def test_a_changed_and_a_removed_review_change_the_book(connection):
    book = a_book(connection)
    first, second = a_review(connection, book, 1), a_review(connection, book, 5)
    versions = [again(connection, book).version]
    values = {"rating": 3, "comment": None, "reviewer": None}
    first = rows.replace(connection, REVIEW, first, values)
    assert again(connection, book).rating == 4.0
    versions.append(again(connection, book).version)
    for review in (first, second):
        rows.remove(connection, REVIEW, review, [])
        versions.append(again(connection, book).version)
    assert (again(connection, book).rating, again(connection, book).reviews) == (
        None,
        0,
    )
    assert versions == sorted(set(versions))


def test_a_book_sorts_by_its_title_and_author_without_case_and_accents(connection):
    book = a_book(connection, title="Évian", author="Åsa")
    assert (book.title_sort, book.author_sort) == ("evian", "asa")


def test_a_name_as_the_catalogue_sorts_it_stays_as_long_as_the_author(connection):
    book = a_book(connection, author="H. G. Wells", author_sort="Wells, H. G.")
    assert book.author_sort == sort_key("Wells, H. G.")
    same = rows.replace(
        connection, BOOK, book, book_values(author="H. G. Wells", title="New")
    )
    assert same.author_sort == book.author_sort
    other = rows.replace(connection, BOOK, same, book_values(author="Émile Zola"))
    assert other.author_sort == "emile zola"


def test_a_model_knows_how_its_rows_are_numbered():
    assert (BOOK.numbered, ITEM.numbered) == (True, False)
    assert isinstance(ITEM.column("value").type, Json)
    assert isinstance(BOOK, Model)
