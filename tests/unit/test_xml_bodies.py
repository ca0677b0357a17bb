"""Bodies in HAL's XML: what we write is read, what could do harm is refused."""

from contextlib import suppress
from encodings.aliases import aliases

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import MalformedBody
from api.hypermedia.document import Member, Shape
from api.protocol.xml_bodies import parse_xml

SHAPE = Shape(
    {
        "title": Member.TEXT,
        "pages": Member.NUMBER,
        "complete": Member.BOOLEAN,
        "created": Member.TIME,
        "subjects": Member.TEXTS,
        "value": Member.FREE,
    }
)
LAUGHS = (
    '<!DOCTYPE r [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {each} "{f"&{before};" * 10}">'
        for before, each in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><resource><title>&i;</title></resource>"
)


def read(inner):
    return parse_xml(f"<resource>{inner}</resource>".encode(), SHAPE)


def free(inner):
    return read(f"<value{inner}</value>")["value"]


@pytest.mark.parametrize(
    ("inner", "members"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param("<title>1984</title>", {"title": "1984"}, id="text stays text"),
        pytest.param("<title/>", {"title": ""}, id="empty text"),
        pytest.param("<title> a </title>", {"title": " a "}, id="outer blanks stay"),
        pytest.param('<title null="true"/>', {"title": None}, id="null"),
        pytest.param('<title null="false">a</title>', {"title": "a"}, id="not null"),
        pytest.param("<pages>12</pages>", {"pages": 12}, id="number"),
        pytest.param("<pages>4.5</pages>", {"pages": 4.5}, id="decimal"),
        pytest.param("<pages>x</pages>", {"pages": "x"}, id="no number stays text"),
        pytest.param("<complete>true</complete>", {"complete": True}, id="true"),
        pytest.param("<complete>1</complete>", {"complete": "1"}, id="no truth"),
        pytest.param("<created>now</created>", {"created": "now"}, id="time"),
        pytest.param("<subjects/>", {"subjects": []}, id="empty list"),
        pytest.param(
            "<subjects><item>a</item> <item>b</item></subjects>",
            {"subjects": ["a", "b"]},
            id="list",
        ),
        pytest.param("<other>1</other>", {"other": "1"}, id="unknown member"),
        pytest.param("<a/><b/>", {"a": "", "b": ""}, id="unknown empty ones"),
        pytest.param(
            '<link rel="up" href="/"/><resource rel="item"><title>x</title></resource>',
            {},
            id="links and embedded resources",
        ),
        pytest.param("<title>a<!-- b -->c</title>", {"title": "ac"}, id="comment"),
        pytest.param("<title><![CDATA[<&>]]></title>", {"title": "<&>"}, id="CDATA"),
        pytest.param("<title>a<?b c?>d</title>", {"title": "ad"}, id="instruction"),
        pytest.param("<title>&lt;&#233;&#13;</title>", {"title": "<é\r"}, id="escapes"),
        pytest.param('<title xmlns="urn:x">a</title>', {"title": "a"}, id="namespace"),
    ],
)
def test_members_are_read_by_their_kinds(inner, members):
    assert read(inner) == members


@pytest.mark.parametrize(
    ("inner", "value"),
    [
        pytest.param(">text", "text", id="no type"),
        pytest.param(' type="string"> a ', " a ", id="string"),
        pytest.param(' type="string">', "", id="empty string"),
        pytest.param(' type="number">1', 1, id="whole number"),
        pytest.param(' type="number"> -2.5 ', -2.5, id="number with blanks"),
        pytest.param(' type="number">18446744073709551616', 2**64, id="2**64"),
        pytest.param(' type="boolean">false', False, id="false"),
        pytest.param(' type="null">', None, id="null"),
        pytest.param(' null="true">', None, id="null as elsewhere"),
        pytest.param(' type="array">', [], id="empty array"),
        pytest.param(' type="object">', {}, id="empty object"),
        pytest.param(
            ' type="object"><member name="a b" type="array"><item type="null"/>'
            '<item>x</item></member><member name="" type="number">1</member>',
            {"a b": [None, "x"], "": 1},
            id="nested",
        ),
    ],
)
def test_a_free_value_tells_its_types(inner, value):
    found = free(inner)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param(' type="number">x', id="no number"),
        pytest.param(' type="number">', id="empty number"),
        pytest.param(' type="number">NaN', id="NaN"),
        pytest.param(' type="number">1e400', id="number too large"),
        pytest.param(' type="number">"1"', id="quoted number"),
        pytest.param(' type="number">true', id="truth as number"),
        pytest.param(' type="number">[1]', id="array as number"),
        pytest.param(' type="boolean">1', id="number as truth"),
        pytest.param(' type="boolean">TRUE', id="capitals"),
        pytest.param(' type="date">2026', id="unknown type"),
        pytest.param(' type="">a', id="empty type"),
        pytest.param(' type="string"><b/>', id="element in a string"),
        pytest.param(' type="number"><b/>', id="element in a number"),
        pytest.param(' type="object"><member>1</member>', id="member without name"),
        pytest.param(
            ' type="object"><member name="a"/><member name="a"/>', id="member twice"
        ),
        pytest.param(
            ' type="object"><member name="&#127;">1</member>', id="control in a name"
        ),
        pytest.param(' type="string">&#127;', id="control in a string"),
    ],
)
def test_a_free_value_that_belies_its_type_is_refused(inner):
    with pytest.raises(MalformedBody):
        free(inner)


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param("<title>a<b/></title>", id="element in a text"),
        pytest.param("<title/><title/>", id="member twice"),
        pytest.param("<title>\x7f</title>", id="delete"),
        pytest.param("<title>&#127;</title>", id="delete escaped"),
        pytest.param("<title>\x01</title>", id="control"),
        pytest.param("<title>&#1;</title>", id="control escaped"),
        pytest.param("<title>&#xFFFE;</title>", id="U+FFFE"),
        pytest.param("<title>&#xD800;</title>", id="surrogate"),
        pytest.param("<title>&unknown;</title>", id="unknown entity"),
        pytest.param("<title>", id="left open"),
        pytest.param("<title a='1' a='2'/>", id="attribute twice"),
        pytest.param("<subjects><item><b/></item></subjects>", id="element in a list"),
        pytest.param("<subjects>War</subjects>", id="text where a list belongs"),
    ],
)
def test_members_that_cannot_be_read_are_refused(inner):
    with pytest.raises(MalformedBody):
        read(inner)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(" ", id="blank"),
        pytest.param("text", id="no element"),
        pytest.param("<book/>", id="another root"),
        pytest.param("<h:resource/>", id="prefixed root"),
        pytest.param("<resource/><resource/>", id="two roots"),
        pytest.param("<!DOCTYPE resource><resource/>", id="document type"),
        pytest.param(
            '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            "<resource><title>&a;</title></resource>",
            id="external entity",
        ),
        pytest.param(
            '<!DOCTYPE r SYSTEM "http://x.invalid/x.dtd"><resource/>', id="external DTD"
        ),
        pytest.param(LAUGHS, id="billion laughs"),
        pytest.param(f"<resource>{'<a>' * 100_000}", id="100,000 deep"),
        pytest.param(
            f"<resource>{'<link/>' * 20_000}</resource>", id="20,001 elements"
        ),
    ],
)
def test_a_body_that_is_no_resource_is_refused(text):
    with pytest.raises(MalformedBody):
        parse_xml(text.encode(), SHAPE)


def test_a_body_may_have_many_elements():
    items = "<item>a</item>" * 19_998
    assert len(read(f"<subjects>{items}</subjects>")["subjects"]) == 19_998


def test_a_body_is_as_deep_as_in_json_the_object_around_its_values_counted():
    def arrays(depth):
        inner = '<item type="array">' * (depth - 1) + "<item>x</item>"
        return free(f' type="array">{inner}{"</item>" * (depth - 1)}')

    assert arrays(31)
    with pytest.raises(MalformedBody, match="32 levels"):
        arrays(32)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "us-ascii"])
def test_a_declared_encoding_is_read(encoding):
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    text = f"{head}<resource><title>caf{'e' if 'ascii' in encoding else 'é'}</title>"
    found = parse_xml(f"{text}</resource>".encode(encoding), SHAPE)
    assert found["title"] in {"café", "cafe"}


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert parse_xml(b"\xef\xbb\xbf<resource/>", SHAPE) == {}


@pytest.mark.parametrize("encoding", sorted({*aliases.values(), "unknown", "x" * 99}))
def test_no_encoding_does_more_than_be_refused(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><resource/>'
    with suppress(MalformedBody):
        assert parse_xml(text.encode(), SHAPE) == {}


@given(st.text(st.sampled_from("<>&;/!?='\"[]-resourcetitle "), max_size=60))
@settings(deadline=None, max_examples=100)
def test_rubbish_is_read_or_refused_and_nothing_else(inner):
    with suppress(MalformedBody):
        assert isinstance(read(inner), dict)
