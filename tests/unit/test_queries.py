"""Query strings: strict, every fault at once, with what was meant."""

from contextlib import suppress
from time import perf_counter
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import InvalidQuery
from api.protocol.queries import collection_query, member_query
from api.storage.cursors import encode_cursor
from api.storage.query import (
    DEFAULT_LIMIT,
    START,
    Filter,
    Operator,
    Position,
    Selection,
    SortKey,
)
from tests.unit.builders import BOOK_KIND, VOCABULARIES, by

BOOKS, TASKS, ITEMS = (VOCABULARIES[name] for name in ("book", "task", "item"))
PLACE = Position(values=(7,))
CURSOR = encode_cursor(BOOK_KIND.model, Selection(), PLACE)
NAMES = st.sampled_from(
    [
        *("limit", "limt", "cursor", "curser", "sort", "srt", "fields", "feilds"),
        *("embed", "embd", "q", "title", "titel", "published", "publishd", "pages"),
        *("published.gte", "published.gt ", "publishd.gtt", "published.xyz", "created"),
        *("subjects", "subjects.contain", "rating.in", "title.contains", "zzz", "a.b"),
    ]
)
WORTHS = st.sampled_from(
    [
        *("", "1", "0", "abc", "title", "titel,-pages", "-", ",", "title,,pages"),
        *("1,2", "1,x", "true", "2026-11-21", "reviews", "revews", CURSOR, "\x00", "é"),
    ]
)
PAIRS = st.lists(st.tuples(NAMES, WORTHS), max_size=4)


def ask(query, vocabulary=BOOKS, **options):
    return collection_query(vocabulary, query, **options)


def refused(query, vocabulary=BOOKS, read=collection_query):
    with pytest.raises(InvalidQuery) as caught:
        read(vocabulary, query)
    return caught.value


def codes(query, vocabulary=BOOKS, read=collection_query):
    found = refused(query, vocabulary, read).faults
    return [(fault.parameter, fault.code) for fault in found]


def test_nothing_asks_for_the_first_page():
    asked = ask("")
    assert (asked.selection, asked.position) == (Selection(), START)
    assert (asked.limit, asked.member.fields) == (DEFAULT_LIMIT, None)


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        pytest.param("title=Emma", ("title", "eq", "Emma"), id="text"),
        pytest.param("title.eq=Emma", ("title", "eq", "Emma"), id="spelled out"),
        pytest.param("title.ne=Emma", ("title", "ne", "Emma"), id="not equal"),
        pytest.param("title.gte=A+B", ("title", "gte", "A B"), id="from a text on"),
        pytest.param("title.contains=%25", ("title", "contains", "%"), id="contains"),
        pytest.param("title.in=a,b", ("title", "in", ("a", "b")), id="one of"),
        pytest.param("title=e%CC%81", ("title", "eq", "é"), id="normal form C"),
        pytest.param("published=1949", ("published", "eq", 1949), id="number"),
        pytest.param("published.lt=-5", ("published", "lt", -5), id="negative"),
        pytest.param("published.in=1,2", ("published", "in", (1, 2)), id="numbers"),
        pytest.param("rating.gt=4.55", ("rating", "gt", 4.55), id="decimal"),
        pytest.param("subjects=War", ("subjects", "eq", "War"), id="in a list"),
        pytest.param(
            "subjects.contains=a", ("subjects", "contains", "a"), id="part in a list"
        ),
        pytest.param(
            "created.gte=2026-11-21", ("created", "gte", "2026-11-21"), id="date"
        ),
        pytest.param(
            "created.gte=20261121", ("created", "gte", "2026-11-21"), id="short date"
        ),
        pytest.param(
            "created.gte=2026-11-21+08:00",
            ("created", "gte", "2026-11-21T08:00:00.000000Z"),
            id="moment without a zone",
        ),
        pytest.param(
            "created.lt=2026-11-21T08:00:00Z",
            ("created", "lt", "2026-11-21T08:00:00.000000Z"),
            id="moment",
        ),
        pytest.param(
            "created.lt=2026-11-21T08:00:00%2B01:00",
            ("created", "lt", "2026-11-21T07:00:00.000000Z"),
            id="moment elsewhere",
        ),
        pytest.param(
            "created.lt=0999-01-01T00:00:00Z",
            ("created", "lt", "0999-01-01T00:00:00.000000Z"),
            id="moment long ago",
        ),
    ],
)
def test_a_filter_compares_a_checked_value(query, filters):
    member, operator, value = filters
    assert ask(query).selection.filters == (Filter(member, Operator(operator), value),)


@pytest.mark.parametrize("text", ["true", "false"])
def test_a_truth_is_asked_for_by_its_name(text):
    (found,) = ask(f"complete={text}", TASKS).selection.filters
    assert found.value is (text == "true")


@pytest.mark.parametrize("text", ["1", "True", "yes"])
def test_a_truth_has_no_other_name(text):
    assert codes(f"complete={text}", TASKS) == [("complete", "type")]


@pytest.mark.parametrize(
    ("query", "is_bounded"),
    [
        pytest.param("", True, id="all"),
        pytest.param("sort=-pages", True, id="one key"),
        pytest.param("sort=pages,title", False, id="two keys"),
        pytest.param("title=a", False, id="filter"),
        pytest.param("q=a", False, id="search"),
    ],
)
def test_only_an_indexed_order_of_everything_has_a_bounded_cost(query, is_bounded):
    assert ask(query).selection.is_bounded is is_bounded


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        pytest.param("published=abc", ("published", "type"), id="no number"),
        pytest.param("published=1e400", ("published", "type"), id="too large"),
        pytest.param("published=9007199254740992", ("published", "type"), id="2**53"),
        pytest.param("published.in=1,,2", ("published.in", "type"), id="gap"),
        pytest.param("published.in=1,x", ("published.in", "type"), id="no number in"),
        pytest.param("created=today", ("created", "type"), id="no time"),
        pytest.param(
            "created=0001-01-01T00:00:00%2B23:00", ("created", "type"), id="0"
        ),
        pytest.param(
            "created=9999-12-31T23:59:59-23:00", ("created", "type"), id="10k"
        ),
        pytest.param("titel=x", ("titel", "unknown"), id="unknown member"),
        pytest.param("title_sort=x", ("title_sort", "unknown"), id="hidden column"),
        pytest.param("version=1", ("version", "unknown"), id="hidden version"),
        pytest.param("published.near=1", ("published.near", "unknown"), id="operator"),
        pytest.param("published.contains=1", ("published.contains", "unknown"), id="c"),
        pytest.param("subjects.gt=a", ("subjects.gt", "unknown"), id="order of lists"),
        pytest.param("title.eq.eq=a", ("title.eq.eq", "unknown"), id="two operators"),
        pytest.param(".eq=a", (".eq", "unknown"), id="operator alone"),
        pytest.param("limit=0", ("limit", "range"), id="limit 0"),
        pytest.param("limit=201", ("limit", "range"), id="limit 201"),
        pytest.param("limit=-1", ("limit", "range"), id="limit -1"),
        pytest.param("limit=1.5", ("limit", "range"), id="limit 1.5"),
        pytest.param("limit=٣", ("limit", "range"), id="limit in other digits"),
        pytest.param("limit=" + "9" * 2000, ("limit", "range"), id="endless limit"),
        pytest.param("limit=0000000011111", ("limit", "range"), id="zeros before"),
        pytest.param("limit=1&limit=1", ("limit", "repeated"), id="limit twice"),
        pytest.param("sort=id&sort=id", ("sort", "repeated"), id="sort twice"),
        pytest.param("q=a&q=b", ("q", "repeated"), id="q twice"),
        pytest.param("sort=description", ("sort", "unknown"), id="no index"),
        pytest.param("sort=--title", ("sort", "unknown"), id="two minuses"),
        pytest.param("sort=title,nope", ("sort", "unknown"), id="one of two"),
        pytest.param("fields=nope", ("fields", "unknown"), id="unknown field"),
        pytest.param("fields=_links", ("fields", "unknown"), id="links as field"),
        pytest.param("embed=author", ("embed", "unknown"), id="unknown relation"),
        pytest.param("cursor=abc", ("cursor", "invalid"), id="wrong cursor"),
        pytest.param("title=%00", ("title", "character"), id="control character"),
        pytest.param("ti%07=a", ("ti\x07", "character"), id="control in a name"),
        pytest.param("title=%FF", ("?", "encoding"), id="not UTF-8"),
    ],
)
def test_a_fault_names_its_parameter(query, fault):
    assert codes(query) == [fault]


def test_every_fault_is_told_at_once():
    query = "limit=0&sort=titel&published=x&nope=1&cursor=abc"
    assert codes(query) == [
        ("limit", "range"),
        ("sort", "unknown"),
        ("published", "type"),
        ("nope", "unknown"),
        ("cursor", "invalid"),
    ]


@pytest.mark.parametrize(
    ("query", "meant", "corrected"),
    [
        pytest.param("titel=Emma", "'title'", "title=Emma", id="member"),
        pytest.param("limt=5", "'limit'", "limit=5", id="parameter"),
        pytest.param("published.gtt=5", "'gt'", "published.gt=5", id="operator"),
        pytest.param("sort=-titel", "'title'", "sort=-title", id="sort key"),
        pytest.param("sort=id,-titel", "'title'", "sort=id%2C-title", id="second key"),
        pytest.param("fields=titel,id", "'title'", "fields=title%2Cid", id="field"),
        pytest.param("embed=revews", "'reviews'", "embed=reviews", id="relation"),
        pytest.param("titel.contains=a", "'title'", "title.contains=a", id="kept"),
    ],
)
def test_what_was_meant_is_told(query, meant, corrected):
    error = refused(query)
    assert f"Did you mean {meant}?" in error.faults[0].detail
    assert error.corrected == corrected


@pytest.mark.parametrize(
    ("query", "corrected"),
    [
        pytest.param("title=a&zzzz=1", "title=a", id="unknown left out"),
        pytest.param("title=a&limit=0", "title=a", id="wrong value left out"),
        pytest.param("limit=5&limit=6", "limit=5", id="repetition left out"),
        pytest.param("limt=5&limit=6", "limit=5", id="meant twice"),
        pytest.param("title=a&cursor=abc", "title=a", id="wrong cursor left out"),
        pytest.param("publishd=abc", "", id="near name, wrong value"),
        pytest.param("published.gtt=abc", "", id="near operator, wrong value"),
        pytest.param("limt=abc", "", id="near parameter, wrong value"),
        pytest.param("curser=abc", "", id="near parameter, wrong cursor"),
        pytest.param(f"sort=titel&cursor={CURSOR}", "sort=title", id="other order"),
        pytest.param("title=%FF", "", id="not UTF-8"),
        pytest.param("title=a+b%2Cc&x=1", "title=a%20b%2Cc", id="encoded anew"),
    ],
)
def test_the_corrected_query_keeps_what_was_right(query, corrected):
    assert refused(query).corrected == corrected


@given(PAIRS, st.sampled_from([BOOKS, TASKS, ITEMS]))
@settings(deadline=None, max_examples=100)
def test_a_corrected_query_has_no_fault(pairs, vocabulary):
    try:
        ask(urlencode(pairs), vocabulary)
    except InvalidQuery as error:
        ask(error.corrected, vocabulary)


@given(PAIRS)
@settings(deadline=None, max_examples=100)
def test_the_parameters_of_a_query_ask_for_the_same_again(pairs):
    try:
        asked = ask(urlencode(pairs))
    except InvalidQuery:
        return
    again = ask(urlencode(asked.parameters))
    assert (again.selection, again.limit) == (asked.selection, asked.limit)
    assert again.member == asked.member


@pytest.mark.parametrize(
    "query", ["title=", "sort=", "limit=", "q=", "&&", "pages.gte="]
)
def test_a_blank_parameter_is_absent(query):
    assert ask(query) == ask("")


def test_sort_keys_keep_their_order_and_direction():
    asked = ask("sort=-published,title")
    assert asked.selection.sort == (
        SortKey("published", descending=True),
        SortKey("title"),
    )


@pytest.mark.parametrize("key", ["id", "-pages", "created"])
def test_a_query_full_of_sort_keys_costs_no_time(key):
    started = perf_counter()
    repeated = ",".join([key] * (2000 // (len(key) + 1)))
    error = refused(f"sort={repeated}")
    assert error.corrected == f"sort={key}"
    assert perf_counter() - started < 1


def test_words_are_those_with_something_to_search_for():
    assert ask("q=war+-+%22peace%22").selection.words == ("war", '"peace"')
    assert ask("q=-+*").selection.words == ()
    assert ask("").selection.words is None


@pytest.mark.parametrize("vocabulary", [ITEMS, VOCABULARIES["review"]])
def test_there_is_no_q_without_full_text(vocabulary):
    assert codes("q=a", vocabulary) == [("q", "unknown")]


def test_a_free_value_is_no_filter():
    assert codes("value=1", ITEMS) == [("value", "unknown")]


def test_fields_and_relations_are_lists():
    member = ask("fields=title,id&embed=reviews").member
    assert member.fields == {"title", "id"}
    assert member.embed == ("reviews",)


def test_a_cursor_leads_to_its_place_and_is_no_parameter_of_its_own():
    asked = ask(f"limit=5&cursor={CURSOR}")
    assert asked.position == PLACE
    assert asked.parameters == (("limit", "5"),)


def test_a_cursor_of_another_order_is_refused():
    cursor = encode_cursor(BOOK_KIND.model, by("title"), PLACE)
    assert codes(f"cursor={cursor}&sort=pages") == [("cursor", "invalid")]


@pytest.mark.parametrize("query", ["nope=1", "sort=nope", "title.nope=1", "fields=x"])
def test_a_lenient_request_ignores_what_is_unknown(query):
    asked = ask(f"{query}&limit=5", is_lenient=True)
    assert (asked.selection, asked.limit) == (Selection(), 5)
    assert asked.member.fields is None


def test_a_lenient_request_repeats_only_what_is_known():
    asked = ask("nope=1&sort=nope,title&limit=5", is_lenient=True)
    assert asked.parameters == (("sort", "title"), ("limit", "5"))


@pytest.mark.parametrize("query", ["limit=0", "published=x", "cursor=abc", "q=a&q=b"])
def test_a_lenient_request_is_still_refused_for_a_wrong_value(query):
    with pytest.raises(InvalidQuery):
        ask(query, is_lenient=True)


def test_one_thing_is_asked_for_some_members_and_relations():
    asked = member_query(BOOKS, "fields=title&embed=reviews")
    assert (asked.fields, asked.embed) == ({"title"}, ("reviews",))


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        pytest.param("title=a", ("title", "unknown"), id="filter"),
        pytest.param("limit=5", ("limit", "unknown"), id="limit"),
        pytest.param("fields=nope", ("fields", "unknown"), id="field"),
        pytest.param("fields=id&fields=id", ("fields", "repeated"), id="twice"),
    ],
)
def test_one_thing_knows_no_other_parameters(query, fault):
    assert codes(query, read=member_query) == [fault]


@given(PAIRS)
@settings(deadline=None, max_examples=50)
def test_a_corrected_query_of_one_thing_has_no_fault(pairs):
    try:
        member_query(BOOKS, urlencode(pairs))
    except InvalidQuery as error:
        member_query(BOOKS, error.corrected)


@given(st.text(max_size=30))
@settings(deadline=None, max_examples=100)
def test_any_text_is_understood_or_refused(text):
    for query in (text, quote(text), f"created={quote(text)}", f"limit={quote(text)}"):
        with suppress(InvalidQuery):
            assert ask(query).limit
