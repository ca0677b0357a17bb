"""Paths by name, below a mount prefix."""

from urllib.parse import parse_qsl

import pytest
import uritemplate
from hypothesis import given, settings
from hypothesis import strategies as st

from api.uris import PATHS, Uris, encode_query, quoted, uris_below

PAIRS = st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=4)


def keys_of(name):
    return [str(number) for number in range(PATHS[name].count("{"))]


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(
    "prefix",
    [
        pytest.param("", id="none"),
        pytest.param("/shop", id="one"),
        pytest.param("/a%20b", id="escaped"),
        pytest.param("/100%25/s", id="with a percent sign"),
    ],
)
def test_an_href_is_its_template_filled_in(name, prefix):
    uris, keys = Uris(prefix), keys_of(name)
    template = uritemplate.URITemplate(uris.template(name))
    values = dict(zip(template.variable_names, keys, strict=True))
    assert uris.href(name, *keys) == template.expand(values)


def test_an_href_carries_the_prefix():
    assert Uris("/shop").href("review", 1, 2) == "/shop/books/1/reviews/2"


def test_an_href_is_made_alike_each_time():
    uris = Uris()
    assert [uris.href("book", number) for number in (1, 2)] == ["/books/1", "/books/2"]


def test_the_same_prefix_gives_the_same_uris():
    assert uris_below("/shop") is uris_below("/shop") is not uris_below("")


@given(PAIRS)
@settings(deadline=None, max_examples=100)
def test_a_query_is_read_as_it_was_written(pairs):
    text = encode_query(pairs)
    assert parse_qsl(text.removeprefix("?"), strict_parsing=bool(pairs)) == pairs
    assert text.isascii()
    assert not set(text) & set(' ,<>"{}#;\n+')


@given(st.text())
@settings(deadline=None, max_examples=50)
def test_a_search_is_encoded_as_any_query(author):
    href = Uris().searcher("books", "author")(author)
    assert href == "/books" + encode_query([("author", author)])
    assert quoted(author) in href


def test_no_parameters_leave_no_question_mark():
    assert encode_query([]) == ""
