"""Ids and keys that clients choose."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import InvalidBody
from api.protocol.members import draft_of
from api.protocol.negotiation import split_suffix
from schemas.formatted import Key
from schemas.item import ItemSchema


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        pytest.param("a", True, id="letter"),
        pytest.param("0", True, id="digit"),
        pytest.param("a.b_c~d-e", True, id="all marks"),
        pytest.param("a" * 128, True, id="longest"),
        pytest.param("a.json5", True, id="only like a suffix"),
        pytest.param("json", True, id="suffix without dot"),
        pytest.param("a.JSON", True, id="capital suffix"),
        pytest.param("", False, id="nothing"),
        pytest.param("a" * 129, False, id="too long"),
        pytest.param(".a", False, id="begins with a dot"),
        pytest.param("-a", False, id="begins with a mark"),
        pytest.param("a/b", False, id="slash"),
        pytest.param("a b", False, id="blank"),
        pytest.param("a\n", False, id="line break at the end"),
        pytest.param("é", False, id="no ASCII letter"),
        pytest.param("٣", False, id="no ASCII digit"),
        pytest.param("a%20", False, id="escape"),
        pytest.param("a.json", False, id="JSON"),
        pytest.param("a.xml", False, id="XML"),
        pytest.param("a.html", False, id="HTML"),
        pytest.param("a.ndjson", False, id="NDJSON"),
        pytest.param("a.csv", False, id="CSV"),
    ],
)
def test_a_key_stands_in_a_path_as_it_is(text, holds):
    assert Key.fits(text) is holds


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("a/b", "key"),
        ("a.json", "key"),
        (1, "type"),
        (None, "null"),
        ("\x00", "character"),
    ],
)
def test_a_wrong_key_in_a_body_is_told(key, code):
    with pytest.raises(InvalidBody) as caught:
        draft_of(ItemSchema(), {"key": key, "value": 1})
    assert [(f.pointer, f.code) for f in caught.value.faults] == [("/key", code)]


@given(st.text(st.sampled_from("ab1._~-/ jsonxmlcv"), max_size=12))
@settings(deadline=None, max_examples=100)
def test_no_key_is_taken_for_a_suffix(text):
    assert not Key.fits(text) or split_suffix(f"/items/{text}") == (
        f"/items/{text}",
        "",
    )
