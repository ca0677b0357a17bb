"""Bodies of HTML's forms: blanks are absent, values become what they mean."""

import pytest

from api.errors import MalformedBody
from api.hypermedia.document import Member, Shape
from api.protocol.text_bodies import converted, parse_form

SHAPE = Shape(
    {
        "title": Member.TEXT,
        "pages": Member.NUMBER,
        "complete": Member.BOOLEAN,
        "subjects": Member.TEXTS,
        "value": Member.FREE,
    }
)


@pytest.mark.parametrize(
    ("text", "members"),
    [
        pytest.param("title=A+B%20C", {"title": "A B C"}, id="blanks"),
        pytest.param("title=caf%C3%A9", {"title": "café"}, id="UTF-8"),
        pytest.param("title=café", {"title": "café"}, id="not encoded"),
        pytest.param("title=a%3Db%26c", {"title": "a=b&c"}, id="reserved"),
        pytest.param("title=a=b", {"title": "a=b"}, id="equals sign in a value"),
        pytest.param("title=&pages=", {}, id="blank fields are absent"),
        pytest.param("value=", {"value": ""}, id="a free value may be blank"),
        pytest.param("pages=12", {"pages": 12}, id="number"),
        pytest.param("pages=twelve", {"pages": "twelve"}, id="no number"),
        pytest.param("pages=+1", {"pages": " 1"}, id="plus is a blank"),
        pytest.param("complete=true", {"complete": True}, id="true"),
        pytest.param("complete=false", {"complete": False}, id="false"),
        pytest.param("complete=on", {"complete": "on"}, id="no truth"),
        pytest.param("subjects=a", {"subjects": ["a"]}, id="list of one"),
        pytest.param("subjects=a&subjects=b", {"subjects": ["a", "b"]}, id="list"),
        pytest.param("subjects=a&subjects=", {"subjects": ["a"]}, id="blank in a list"),
        pytest.param("nme=1", {"nme": "1"}, id="unknown member"),
        pytest.param("value=1", {"value": 1}, id="a free value is JSON"),
        pytest.param("value=[1", {"value": "[1"}, id="or a text where it is none"),
        pytest.param("pages=1e400", {"pages": "1e400"}, id="number too large"),
        pytest.param("title=%00", {"title": "\0"}, id="control, told by the schema"),
    ],
)
def test_fields_become_members(text, members):
    assert parse_form(text.encode(), SHAPE) == members


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"title=a&title=b", id="field twice"),
        pytest.param(b"title", id="no value"),
        pytest.param(b"title=a&&pages=1", id="nothing between"),
        pytest.param(b"title=%FF", id="escape not UTF-8"),
        pytest.param(b"title=\xff", id="not UTF-8"),
        pytest.param(b"title=%ED%A0%80", id="surrogate"),
        pytest.param(b"value=%00", id="control in a free value"),
        pytest.param(b"ti%07tle=a", id="control in a name"),
        pytest.param(b"&".join([b"subjects=a"] * 1001), id="1,001 fields"),
        pytest.param(b'{"title": "a"}', id="JSON"),
    ],
)
def test_what_is_no_form_is_refused(text):
    with pytest.raises(MalformedBody):
        parse_form(text, SHAPE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("0", 0, id="zero"),
        pytest.param("-12", -12, id="negative"),
        pytest.param("1.10", 1.1, id="decimal"),
        pytest.param("1e3", 1000.0, id="exponent"),
        pytest.param("9" * 40, int("9" * 40), id="40 digits"),
        pytest.param("01", "01", id="leading zero"),
        pytest.param("1_000", "1_000", id="underscore"),
        pytest.param("٣", "٣", id="another script's digit"),
        pytest.param("1\n", "1\n", id="line break"),
        pytest.param("", "", id="nothing"),
        pytest.param("NaN", "NaN", id="NaN"),
    ],
)
def test_a_text_is_a_number_only_where_json_would_have_one(text, value):
    found = converted(text, Member.NUMBER)
    assert (found, type(found)) == (value, type(value))
