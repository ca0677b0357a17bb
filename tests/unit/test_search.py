"""Full text: all words, the heading first, and no word does harm."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.models.item import ITEM
from api.models.task import TASK
from api.protocol.queries import collection_query
from api.storage import rows
from api.storage.filters import ranking
from api.storage.pages import count, read_page
from api.storage.query import END, START, Counting, Selection
from tests.unit.builders import BOOK_KIND, VOCABULARIES, a_book, book_values, undone

BOOK = BOOK_KIND.model
SHELF = {
    "short": {"title": "War"},
    "long": {"title": "War and Peace", "author": "Leo Tolstoy"},
    "subject": {"title": "Sea", "subjects": ["War stories"]},
    "text": {"title": "Air", "description": "No war here."},
    "accent": {"title": "Café Größe"},
    "marks": {"title": 'C++ "quoted" AND NEAR-by title:x'},
    "other": {"title": "Emma"},
}


def found(connection, words, **options):
    selection = Selection(words=tuple(words.split()))
    page = read_page(connection, BOOK, selection, START, 50, **options)
    return [row.title for row in page.rows]


def titles(*names):
    return [SHELF[name]["title"] for name in names]


@pytest.fixture
def shelf(connection):
    for book in SHELF.values():
        a_book(connection, **book)
    return connection


def test_words_in_the_title_come_before_others_and_short_titles_before_long(shelf):
    assert found(shelf, "war") == titles("short", "long", "subject", "text")


@pytest.mark.parametrize(
    ("words", "names"),
    [
        pytest.param("peace war", ["long"], id="all words in any order"),
        pytest.param("war tolstoy", ["long"], id="over several columns"),
        pytest.param("WAR peace", ["long"], id="case"),
        pytest.param("cafe", ["accent"], id="accent left out"),
        pytest.param("CAFÉ", ["accent"], id="accent and case"),
        pytest.param("cafe\u0301", ["accent"], id="accent apart"),
        pytest.param("quoted", ["marks"], id="in quotes"),
        pytest.param("stories", ["subject"], id="in a list"),
        pytest.param("wa", [], id="no part of a word"),
        pytest.param("war emma", [], id="not all words"),
    ],
)
def test_a_search_finds_what_holds_all_words(shelf, words, names):
    assert found(shelf, words) == titles(*names)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        pytest.param("war OR emma", [], id="OR"),
        pytest.param("war NOT peace", [], id="NOT"),
        pytest.param("quoted AND near", ["marks"], id="AND is a word"),
        pytest.param("NEAR(war peace)", [], id="NEAR"),
        pytest.param("wa*", [], id="star"),
        pytest.param("^war", ["short", "long", "subject", "text"], id="caret"),
        pytest.param("title:war", [], id="column"),
        pytest.param("{title}:war", [], id="columns"),
        pytest.param('"war', ["short", "long", "subject", "text"], id="open quote"),
        pytest.param('""war""', ["short", "long", "subject", "text"], id="quotes"),
        pytest.param('war"peace', [], id="quote inside"),
        pytest.param("war)", ["short", "long", "subject", "text"], id="bracket"),
        pytest.param("war; --", ["short", "long", "subject", "text"], id="SQL"),
        pytest.param("-war", ["short", "long", "subject", "text"], id="minus"),
        pytest.param("war + peace", ["long"], id="plus"),
        pytest.param("war _", ["short", "long", "subject", "text"], id="underscore"),
        pytest.param("title:x", ["marks"], id="words on both sides of a colon"),
    ],
)
def test_nothing_in_a_word_is_an_operator(shelf, words, names):
    query = collection_query(VOCABULARIES["book"], f"q={_quoted(words)}")
    page = read_page(shelf, BOOK, query.selection, START, 50)
    assert [row.title for row in page.rows] == titles(*names)


def _quoted(words):
    return "".join(f"%{octet:02x}" for octet in words.encode())


@pytest.mark.parametrize("words", ["", "-", '"', "* ()", "_", "\u0301", "…"])
def test_where_there_is_no_word_nothing_is_found(shelf, words):
    assert found(shelf, words) == []
    assert count(shelf, BOOK, Selection(words=()), Counting.EXACT).number == 0


@given(st.text(st.sampled_from("aw*\"'():^-+{}~&|!\\/_.,; é٣²"), max_size=20))
@settings(deadline=None, max_examples=100)
def test_no_text_breaks_the_search(database, text):
    selection = Selection(words=tuple(text.split()))
    with undone(database):
        a_book(database, title=text or "x")
        for position in (START, END):
            assert len(read_page(database, BOOK, selection, position, 5).rows) <= 1


def test_pages_of_a_search_follow_each_other_and_back(shelf):
    first = read_page(shelf, BOOK, Selection(words=("war",)), START, 3)
    second = read_page(shelf, BOOK, Selection(words=("war",)), first.behind, 3)
    back = read_page(shelf, BOOK, Selection(words=("war",)), second.before, 3)
    assert [row.title for row in second.rows] == titles("text")
    assert list(back.rows) == list(first.rows)
    assert (second.behind, back.before) == (None, None)


def test_a_changed_text_is_found_by_its_new_words_alone(connection):
    row = a_book(connection, title="War")
    rows.replace(connection, BOOK, row, book_values(title="Peace"))
    assert (found(connection, "war"), found(connection, "peace")) == ([], ["Peace"])


def test_what_is_gone_is_found_no_more(connection):
    row = a_book(connection, title="War")
    rows.remove(connection, BOOK, row, [])
    assert found(connection, "war") == []


def test_tasks_are_searched_by_their_description(connection):
    made = rows.insert(
        connection, TASK, {"id": "a", "description": "Sweep", "complete": False}
    )
    page = read_page(connection, TASK, Selection(words=("sweep",)), START, 5)
    assert [row.serial for row in page.rows] == [made.serial]


def test_what_has_no_full_text_can_be_neither_ranked_nor_searched(connection):
    assert ranking(ITEM) == []
    with pytest.raises(LookupError, match="items"):
        read_page(connection, ITEM, Selection(words=("a",)), START, 5)
