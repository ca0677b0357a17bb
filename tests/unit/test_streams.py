"""Collections as lines: NDJSON and CSV, the pure part."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.formats.streams import CSV, NDJSON
from api.hypermedia.document import UNCARRIED, Document, Link, Member, Shape

SHAPE = Shape(
    {
        "id": Member.NUMBER,
        "name": Member.TEXT,
        "price": Member.MONEY,
        "done": Member.BOOLEAN,
        "subjects": Member.TEXTS,
        "value": Member.FREE,
        "created": Member.TIME,
    }
)
LINKS = {"self": Link("/things")}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

texts = st.text(st.characters(codec="utf-8")).filter(
    lambda text: UNCARRIED.search(text) is None
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=5,
)
states = st.fixed_dictionaries(
    {
        "id": st.integers(1, 2**53),
        "name": st.none() | texts,
        "price": st.sampled_from(["0.00", "12.90"]),
        "done": st.none() | st.booleans(),
        "subjects": st.lists(texts),
        "value": values,
        "created": st.just("2026-11-21T08:00:00.000000Z"),
    }
)


def rows_of(found):
    return [(f"/things/{each['id']}", each) for each in found]


def whole(lines, shape, found):
    """A stream of the states, written in two parts."""
    rows = rows_of(found)
    parts = [lines.write(shape, rows[:1]), lines.write(shape, rows[1:])]
    end = lines.end(LINKS, {"count": len(rows)})
    return (lines.begin(shape) + b"".join(parts) + end).decode()


def read_csv(text):
    """The records as any reader of RFC 4180 finds them."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(st.lists(states))
def test_each_line_of_ndjson_is_a_row_and_the_last_tells_how_many(found):
    text = whole(NDJSON, SHAPE, found)
    *rows, last = [json.loads(line) for line in text.removesuffix("\n").split("\n")]
    assert text.endswith("\n")
    assert last == {"_links": {"self": {"href": "/things"}}, "count": len(found)}
    assert rows == [
        {"_links": {"self": {"href": href}}, **state} for href, state in rows_of(found)
    ]


@given(st.lists(states))
def test_a_csv_reader_finds_what_was_written(found):
    header, *records = read_csv(whole(CSV, SHAPE, found))
    assert header == list(SHAPE.members)
    assert [state_of(dict(zip(header, each, strict=True))) for each in records] == [
        {**each, "name": neutral(each["name"] or "")} for each in found
    ]


def neutral(text):
    return "'" + text if text.startswith(FORMULA) else text


def state_of(record):
    """What the cells say, by what their columns hold."""
    truths = {"": None, "true": True, "false": False}
    return {
        **record,
        "id": int(record["id"]),
        "done": truths[record["done"]],
        "subjects": json.loads(record["subjects"]),
        "value": json.loads(record["value"]),
    }


@given(st.lists(states))
def test_no_cell_begins_a_formula(found):
    _, *records = read_csv(whole(CSV, SHAPE, found))
    for record in records:
        for cell in record:
            assert not cell.startswith(FORMULA) or is_number(cell)


def is_number(cell):
    return isinstance(json.loads(cell), int)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@A1", "\tx", "\rx", "\nx"])
def test_a_text_that_a_spreadsheet_would_calculate_gets_an_apostrophe(cell):
    shape = Shape({"name": Member.TEXT})
    written = CSV.write(shape, [("/things/1", {"name": cell})]).decode()
    assert written == f'\r\n"\'{cell}"'


@pytest.mark.parametrize("cell", ["a=1", " =1", "'=1", "Ahab; =1", ""])
def test_other_texts_stand_in_quotes_as_they_are(cell):
    shape = Shape({"name": Member.TEXT})
    written = CSV.write(shape, [("/things/1", {"name": cell})]).decode()
    assert written == f'\r\n"{cell}"'


@pytest.mark.parametrize(
    ("kind", "value", "cell"),
    [
        pytest.param(Member.NUMBER, -4000, "-4000", id="a number below zero"),
        pytest.param(Member.NUMBER, 4.5, "4.5", id="a broken number"),
        pytest.param(Member.TEXT, None, "", id="no text"),
        pytest.param(Member.FREE, None, '"null"', id="the free value null"),
        pytest.param(Member.FREE, -5, '"-5"', id="a free number"),
        pytest.param(Member.FREE, "=1", '"""=1"""', id="a free text"),
        pytest.param(Member.TEXTS, ["=1", "ä"], '"[""=1"",""ä""]"', id="a list"),
    ],
)
def test_a_cell_is_what_its_column_holds(kind, value, cell):
    written = CSV.write(Shape({"it": kind}), [("/things/1", {"it": value})])
    assert written.decode() == "\r\n" + cell


def test_a_csv_ends_in_a_line_break_and_no_part_of_it_does():
    shape = Shape({"id": Member.NUMBER, "name": Member.TEXT})
    found = [{"id": 1, "name": None}, {"id": 2, "name": "b\r\n"}]
    begun = CSV.begin(shape) + CSV.write(shape, rows_of(found))
    assert begun == b'id,name\r\n1,\r\n2,"b\r\n"'
    assert CSV.end(LINKS, {"count": 2}) == b"\r\n"


def test_a_page_is_its_members_and_then_the_page_itself():
    shape = Shape({"id": Member.NUMBER})
    member = Document({"id": 7}, shape, {"self": Link("/things/7"), "up": Link("/")})
    counted = Shape({"count": Member.NUMBER})
    page = Document({"count": 1}, counted, LINKS, {"item": [member]}, inner=shape)
    assert CSV.render(page) == b"id\r\n7\r\n"
    assert NDJSON.render(page).decode().splitlines() == [
        '{"_links":{"self":{"href":"/things/7"}},"id":7}',
        '{"_links":{"self":{"href":"/things"}},"count":1}',
    ]


def test_an_empty_collection_has_a_header_and_an_end():
    counted = Shape({"count": Member.NUMBER})
    page = Document({"count": 0}, counted, LINKS, {"item": []}, inner=SHAPE)
    assert CSV.render(page).decode() == ",".join(SHAPE.members) + "\r\n"
    assert NDJSON.render(page).count(b"\n") == 1
