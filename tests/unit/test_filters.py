"""Each operator on each type of member, nulls included."""

import pytest

from api.models.review import REVIEW
from api.models.task import TASK
from api.storage import rows
from api.storage.pages import count, read_page
from api.storage.query import START, Counting
from tests.unit.builders import BOOK_KIND, a_book, where

BOOK = BOOK_KIND.model


def titles(connection, member, operator, value):
    selection = where(member, operator, value)
    found = read_page(connection, BOOK, selection, START, 50).rows
    assert count(connection, BOOK, selection, Counting.EXACT).number == len(found)
    return [row.title for row in found]


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("eq", 2, ["two"]),
        ("ne", 2, ["one", "three", "null"]),
        ("gt", 2, ["three"]),
        ("gte", 2, ["two", "three"]),
        ("lt", 2, ["one"]),
        ("lte", 2, ["one", "two"]),
        ("in", (1, 3, 9), ["one", "three"]),
        ("eq", 2.0, ["two"]),
        ("gt", 1.5, ["two", "three"]),
        ("eq", 1.5, []),
    ],
)
def test_numbers_are_compared_and_null_only_differs(connection, operator, value, found):
    for pages, title in enumerate(["one", "two", "three"], 1):
        a_book(connection, title=title, pages=pages)
    a_book(connection, title="null")
    assert titles(connection, "pages", operator, value) == found


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("eq", "b", ["b"]),
        ("eq", "B", ["B"]),
        ("ne", "b", ["B", "á", "null"]),
        ("gt", "B", ["b", "á"]),
        ("lte", "b", ["B", "b"]),
        ("in", ("b", "á"), ["b", "á"]),
        ("contains", "b", ["B", "b"]),
        ("contains", "A", ["á"]),
        ("contains", "%", []),
        ("contains", "_", []),
        ("eq", "' OR 1=1 --", []),
    ],
)
def test_texts_are_compared_as_they_are_and_contain_without_case_and_accents(
    connection, operator, value, found
):
    for publisher in ("B", "b", "á"):
        a_book(connection, title=publisher, publisher=publisher)
    a_book(connection, title="null")
    assert titles(connection, "publisher", operator, value) == found


@pytest.mark.parametrize("wild", ["%", "_", "*", "?", "[a-z]", "\\"])
def test_a_wildcard_is_plain_text(connection, wild):
    a_book(connection, title="plain")
    a_book(connection, title=f"a{wild}b")
    assert titles(connection, "title", "contains", wild) == [f"a{wild}b"]


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("eq", 4.5, ["4.5"]),
        ("eq", 4.55, []),
        ("gt", 4.55, ["4.6"]),
        ("gte", 4.55, ["4.6"]),
        ("lt", 4.55, ["4.5"]),
        ("gte", 4.6, ["4.6"]),
        ("lt", 4.6, ["4.5"]),
        ("ne", 4.6, ["4.5", "null"]),
        ("in", (4.6, 4.55), ["4.6"]),
        ("gt", 4, ["4.5", "4.6"]),
    ],
)
def test_a_rating_is_compared_exactly(connection, operator, value, found):
    for title, ratings in (("4.5", [4, 5]), ("4.6", [4, 4, 5, 5, 5])):
        owner = a_book(connection, title=title).id
        for rating in ratings:
            values = {"rating": rating, "comment": None, "reviewer": None}
            rows.insert(connection, REVIEW, values, owner)
    a_book(connection, title="null")
    assert titles(connection, "rating", operator, value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param("War", ["war"], id="whole"),
        pytest.param("war", [], id="case counts"),
        pytest.param("War stories", [], id="none of them"),
        pytest.param("Great War", ["great"], id="with a blank"),
        pytest.param("Wa", [], id="a part"),
        pytest.param('The "War', ["quote"], id="with a quote"),
        pytest.param(",", [], id="a comma"),
        pytest.param("[", [], id="a bracket"),
        pytest.param('","', [], id="what stands between two"),
        pytest.param("a\\b", ["backslash"], id="with a backslash"),
        pytest.param("é\n", ["break"], id="with a line break"),
    ],
)
def test_a_list_equals_a_text_that_it_holds_exactly(connection, value, found):
    a_book(connection, title="war", subjects=["War", "Mars"])
    a_book(connection, title="great", subjects=["Great War"])
    a_book(connection, title="quote", subjects=['The "War', "x"])
    a_book(connection, title="backslash", subjects=["a\\b"])
    a_book(connection, title="break", subjects=["é\n"])
    a_book(connection, title="none")
    assert titles(connection, "subjects", "eq", value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param("war", ["war", "quote"], id="part without case"),
        pytest.param("cafe", ["cafe"], id="part without accents"),
        pytest.param('"war"', ["quote"], id="quotes"),
        pytest.param("[", [], id="a bracket"),
        pytest.param('","', [], id="what stands between two"),
        pytest.param("\\", [], id="a backslash"),
        pytest.param("e w", ["quote"], id="not over two quotes"),
        pytest.param("sm", [], id="not over two texts"),
    ],
)
def test_a_list_contains_a_part_of_one_of_its_texts(connection, value, found):
    a_book(connection, title="war", subjects=["Wars", "Mars"])
    a_book(connection, title="quote", subjects=['one war: "War"', "x"])
    a_book(connection, title="cafe", subjects=["Café"])
    a_book(connection, title="none")
    assert titles(connection, "subjects", "contains", value) == found


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [("eq", True, ["done"]), ("eq", False, ["open"]), ("ne", True, ["open"])],
)
def test_truths_are_compared(connection, operator, value, found):
    for name, complete in (("done", True), ("open", False)):
        values = {"id": name, "description": name, "complete": complete}
        rows.insert(connection, TASK, values)
    page = read_page(connection, TASK, where("complete", operator, value), START, 5)
    assert [row.id for row in page.rows] == found


def test_a_date_stands_before_all_its_moments(connection):
    made = a_book(connection)
    day = made.created[:10]
    assert titles(connection, "created", "gte", day) == [made.title]
    assert titles(connection, "created", "lt", day) == []
    assert titles(connection, "created", "eq", made.created) == [made.title]
