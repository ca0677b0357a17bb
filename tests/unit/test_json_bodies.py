"""Strict JSON: what could be read in two ways is refused."""

import json
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import MalformedBody
from api.protocol.json_bodies import DEEPEST, parse_json

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | TEXT
VALUES = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda each: st.lists(each) | st.dictionaries(TEXT, each),
    max_leaves=20,
)


def nested(depth, kind):
    """A text of that many arrays, objects or both, one in the other."""
    opened = {"arrays": "[" * depth, "objects": '{"a":' * depth}
    closed = {"arrays": "]" * depth, "objects": "}" * depth}
    if kind == "both":
        half, rest = depth // 2, depth % 2
        return "[" * rest + '[{"a":' * half + "1" + "}]" * half + "]" * rest
    return opened[kind] + "1" + closed[kind]


@given(VALUES)
@settings(deadline=None, max_examples=100)
def test_what_json_writes_is_read_again(value):
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize("kind", ["arrays", "objects", "both"])
def test_32_levels_are_read_and_33_are_not(kind):
    assert parse_json(nested(32, kind).encode())
    with pytest.raises(MalformedBody, match="32 levels"):
        parse_json(nested(33, kind).encode())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 33 + "]" * 33, id="empty at the bottom"),
        pytest.param("[" * 100_000, id="only opened"),
        pytest.param("[" * 100_000 + "]" * 100_000, id="100,000 arrays"),
        pytest.param('{"a":' * 100_000 + "1" + "}" * 100_000, id="100,000 objects"),
    ],
)
def test_deep_nesting_is_refused(text):
    with pytest.raises(MalformedBody, match=f"{DEEPEST} levels"):
        parse_json(text.encode())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("0.1", 0.1, id="0.1"),
        pytest.param("1.10", 1.1, id="zero at the end"),
        pytest.param("-0.0", -0.0, id="minus zero"),
        pytest.param("1E2", 100.0, id="exponent"),
        pytest.param("1e308", 1e308, id="large"),
        pytest.param("5e-324", 5e-324, id="smallest"),
        pytest.param("9007199254740993", 9007199254740993, id="2**53 + 1"),
        pytest.param("18446744073709551616", 2**64, id="2**64"),
        pytest.param("9" * 1000, 10**1000 - 1, id="1,000 digits"),
    ],
)
def test_a_number_is_kept_exactly(text, value):
    assert parse_json(text.encode()) == value
    assert type(parse_json(text.encode())) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1e400", id="too large"),
        pytest.param("-1e400", id="too small"),
        pytest.param("1e-400", id="too near to zero"),
        pytest.param("0.1000000000000000000000001", id="too many decimals"),
        pytest.param("9007199254740993.0", id="no double"),
        pytest.param("1e99999999999999999999", id="endless exponent"),
        pytest.param("1e-99999999999999999999", id="endless minus exponent"),
        pytest.param("9" * 5000, id="5,000 digits"),
        pytest.param("0." + "1" * 5000, id="5,000 decimals"),
        pytest.param("1e" + "0" * 5000 + "1", id="5,000 digits of exponent"),
        pytest.param("NaN", id="NaN"),
        pytest.param("Infinity", id="infinity"),
        pytest.param("-Infinity", id="minus infinity"),
        pytest.param("01", id="leading zero"),
        pytest.param("+1", id="plus"),
        pytest.param("1.", id="point alone"),
        pytest.param("0x1", id="hexadecimal"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "[{}]"])
def test_a_number_that_cannot_be_kept_is_refused(text, around):
    with pytest.raises(MalformedBody):
        parse_json(around.format(text).encode())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"a":1,"a":1}', id="same values"),
        pytest.param('{"a":1,"b":2,"a":3}', id="not beside"),
        pytest.param(r'{"a":1,"\u0061":2}', id="one escaped"),
        pytest.param('[{"b":{"a":1,"a":2}}]', id="inside"),
    ],
)
def test_a_member_that_stands_twice_is_named(text):
    with pytest.raises(MalformedBody, match="'a' stands twice"):
        parse_json(text.encode())


def test_a_repeated_name_among_very_many_is_found_at_once():
    members = [f'"{number}":0' for number in range(20_000)]
    started = perf_counter()
    with pytest.raises(MalformedBody, match="'19999' stands twice"):
        parse_json(("{" + ",".join([*members, members[-1]]) + "}").encode())
    assert perf_counter() - started < 1


@pytest.mark.parametrize("place", ['"{}"', '{{"{}":1}}', '[["{}"]]', '{{"a":"b{}"}}'])
@pytest.mark.parametrize(
    "character",
    [
        pytest.param(r"\u0000", id="null"),
        pytest.param(r"\b", id="backspace"),
        pytest.param(r"\u001f", id="last control"),
        pytest.param("\x7f", id="delete"),
        pytest.param(r"\ud800", id="high surrogate alone"),
        pytest.param(r"\udc00", id="low surrogate alone"),
        pytest.param(r"\udc00\ud800", id="surrogates reversed"),
        pytest.param("\ufffe", id="U+FFFE"),
        pytest.param(r"\uffff", id="U+FFFF"),
    ],
)
def test_a_character_that_no_format_carries_is_refused(place, character):
    with pytest.raises(MalformedBody, match="refused"):
        parse_json(place.format(character).encode())


@pytest.mark.parametrize("depth", [31, 32])
def test_characters_are_looked_at_down_to_the_bottom(depth):
    with pytest.raises(MalformedBody, match="Control"):
        parse_json(("[" * depth + r'"\u0001"' + "]" * depth).encode())


@pytest.mark.parametrize("character", [r"\n", r"\t", r"\r", "é", "😀", r"\ud83d\ude00"])
def test_other_characters_are_carried(character):
    assert parse_json(f'"{character}"'.encode()) == json.loads(f'"{character}"')


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'"\xff"', id="not UTF-8"),
        pytest.param(b'"\xed\xa0\x80"', id="surrogate in UTF-8"),
        pytest.param(b'"\xc0\x80"', id="overlong"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param('{"a":1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'"a\nb"', id="raw line break"),
        pytest.param(b"", id="nothing"),
        pytest.param(b" ", id="blank"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b"[1,]", id="comma at the end"),
        pytest.param(b"{} {}", id="two values"),
        pytest.param(b"/**/{}", id="comment"),
        pytest.param(b"\x00{}", id="null octet"),
    ],
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(MalformedBody):
        parse_json(text)


def test_a_fault_of_syntax_names_its_place():
    with pytest.raises(MalformedBody, match="line 2, column 5"):
        parse_json(b'{\n"a":,}')
