"""Cursors: opaque, and checking themselves."""

import re
from base64 import urlsafe_b64encode
from hashlib import blake2s

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.storage.cursors import (
    BrokenCursor,
    _order_key,
    decode_cursor,
    encode_cursor,
)
from api.storage.query import END, START, Position, Selection
from tests.unit.builders import BOOK_KIND, TASK_KIND, by, where

BOOK, TASK = BOOK_KIND.model, TASK_KIND.model
TITLES = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
SERIALS = st.integers(1, 2**53)
POSITIONS = st.builds(Position, st.booleans(), st.tuples(SERIALS) | st.just(()))
SORTED = st.builds(Position, st.booleans(), st.tuples(TITLES, SERIALS) | st.just(()))
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PLACE = Position(values=("emma", 7))


@given(SORTED)
@settings(deadline=None, max_examples=100)
def test_a_cursor_leads_to_the_position_it_was_made_of(position):
    cursor = encode_cursor(BOOK, by("title"), position)
    assert decode_cursor(BOOK, by("title"), cursor) == position
    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)


@given(POSITIONS, st.data())
@settings(deadline=None, max_examples=100)
def test_a_cursor_with_another_character_is_refused(position, data):
    cursor = encode_cursor(BOOK, Selection(), position)
    last = len(cursor) - 1
    place = data.draw(st.integers(0, last) | st.just(last))
    letter = data.draw(st.sampled_from(LETTERS).filter(cursor[place].__ne__))
    changed = cursor[:place] + letter + cursor[place + 1 :]
    with pytest.raises(BrokenCursor):
        decode_cursor(BOOK, Selection(), changed)


@given(POSITIONS, st.data())
@settings(deadline=None, max_examples=50)
def test_a_cursor_that_was_cut_is_refused(position, data):
    cursor = encode_cursor(BOOK, Selection(), position)
    with pytest.raises(BrokenCursor):
        decode_cursor(
            BOOK, Selection(), cursor[: data.draw(st.integers(0, len(cursor) - 1))]
        )


@pytest.mark.parametrize(
    ("model", "selection"),
    [
        pytest.param(BOOK, Selection(), id="no sort"),
        pytest.param(BOOK, by("author"), id="another member"),
        pytest.param(BOOK, by("-title"), id="another direction"),
        pytest.param(BOOK, by("title", "id"), id="one member more"),
        pytest.param(BOOK, Selection(words=("a",)), id="a search"),
        pytest.param(TASK, by("title"), id="another collection"),
    ],
)
def test_a_cursor_holds_for_one_order_of_one_collection(model, selection):
    cursor = encode_cursor(BOOK, by("title"), PLACE)
    with pytest.raises(BrokenCursor):
        decode_cursor(model, selection, cursor)


def test_a_cursor_holds_for_other_filters_in_the_same_order():
    place = Position(values=(7,))
    cursor = encode_cursor(BOOK, Selection(), place)
    assert decode_cursor(BOOK, where("title", "eq", "x"), cursor) == place


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"5",
        b"[]",
        b"[false",
        b"[false,{}]",
        b'["x",[7]]',
        b"[false,[1e999]]",
    ]
    + [b"[false,[99999999999999999999]]", b'[false,["x"]]', b"[false,[1,2,3]]"]
    + [b"[false,[true]]", b"[false,[[]]]", b"\xff"],
)
def test_a_forged_cursor_is_refused_though_its_check_is_right(payload):
    key = _order_key(BOOK.name, has_words=False, sort=())
    check = blake2s(payload, key=key, digest_size=6).digest()
    cursor = urlsafe_b64encode(check + payload).rstrip(b"=").decode()
    with pytest.raises(BrokenCursor):
        decode_cursor(BOOK, Selection(), cursor)


@pytest.mark.parametrize("position", [START, END])
def test_the_ends_have_cursors_too(position):
    cursor = encode_cursor(BOOK, Selection(), position)
    assert decode_cursor(BOOK, Selection(), cursor) == position


@given(st.text(max_size=40))
@settings(deadline=None, max_examples=100)
def test_any_other_text_is_refused(text):
    with pytest.raises(BrokenCursor):
        decode_cursor(BOOK, Selection(), text)


@pytest.mark.parametrize(
    "added", ["=", "==", "!", "!!!!", "\n\n\n\n", "é", "A", "AAAA"]
)
def test_a_cursor_with_more_behind_it_is_refused(added):
    cursor = encode_cursor(BOOK, Selection(), PLACE)
    with pytest.raises(BrokenCursor):
        decode_cursor(BOOK, Selection(), cursor + added)
