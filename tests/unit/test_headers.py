"""Lists and parameters in header fields."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.protocol.headers import elements, is_token, parameters, unquoted

TEXT = st.text(st.sampled_from('abc ,;="\\'), max_size=40)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        pytest.param("a, b,c", ["a", "b", "c"], id="commas"),
        pytest.param(",a,, ,b,", ["a", "b"], id="empty ones"),
        pytest.param('a;x="1,2", b', ['a;x="1,2"', "b"], id="comma in quotes"),
        pytest.param(r'"a\",b", c', [r'"a\",b"', "c"], id="escaped quote"),
        pytest.param('a, "open, b', ["a", '"open, b'], id="quote left open"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_elements_stand_between_commas(header, found):
    assert list(elements(header)) == found


@pytest.mark.parametrize(
    ("element", "found"),
    [
        pytest.param("a", ("a", {}), id="none"),
        pytest.param("a;B=C", ("a", {"b": "C"}), id="names in lower case"),
        pytest.param('a; b="x;y" ;c', ("a", {"b": "x;y", "c": ""}), id="quoted"),
        pytest.param("a;b=1;b=2", ("a", {"b": "2"}), id="twice"),
        pytest.param("", ("", {}), id="nothing"),
        pytest.param(";", ("", {}), id="only a semicolon"),
    ],
)
def test_parameters_stand_behind_semicolons(element, found):
    assert parameters(element) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("a", "a", id="token"),
        pytest.param('"a b"', "a b", id="quoted"),
        pytest.param(r'"a\"\\b"', r"a\b".replace("a", 'a"'), id="escapes"),
        pytest.param('""', "", id="empty"),
        pytest.param('"', '"', id="one quote"),
    ],
)
def test_quotes_are_taken_off(value, text):
    assert unquoted(value) == text


@pytest.mark.parametrize(
    ("text", "holds"),
    [("hal+json", True), ("*", True), ("", False), ("a b", False), ("a/b", False)],
)
def test_a_token_has_no_separators(text, holds):
    assert is_token(text) is holds


@given(st.lists(st.from_regex(r"[a-z]+", fullmatch=True), max_size=9))
@settings(deadline=None, max_examples=50)
def test_joined_tokens_are_split_again(names):
    assert list(elements(", ".join(names))) == names


@given(TEXT)
@settings(deadline=None, max_examples=100)
def test_no_element_is_blank_whatever_the_header(header):
    assert all(each.strip() == each != "" for each in elements(header))
