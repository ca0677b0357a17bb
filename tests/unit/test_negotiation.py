"""Which representation an Accept header or a suffix gets."""

import pytest

from api.errors import NotAcceptable
from api.protocol.negotiation import (
    DEFAULT,
    negotiate,
    split_suffix,
    variant_of_suffix,
)

HAL = "application/hal+json"
XML = "application/xml"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        pytest.param(None, HAL, id="no header"),
        pytest.param("", HAL, id="empty header"),
        pytest.param("*/*", HAL, id="anything"),
        pytest.param("application/*", HAL, id="any application"),
        pytest.param("application/json", "application/json", id="plain JSON"),
        pytest.param("application/xml", XML, id="XML"),
        pytest.param("text/xml", "text/xml", id="text XML"),
        pytest.param("application/hal+xml", "application/hal+xml", id="HAL as XML"),
        pytest.param("application/vnd.hal+json", "application/vnd.hal+json", id="vnd"),
        pytest.param(
            "application/vnd.hal+xml", "application/vnd.hal+xml", id="vnd XML"
        ),
        pytest.param("APPLICATION/XML", XML, id="capitals"),
        pytest.param("application/xml, application/hal+json", HAL, id="ours of equals"),
        pytest.param("application/xml;q=0.9, */*;q=0.1", XML, id="liked most"),
        pytest.param("application/hal+json;q=0.1, application/xml", XML, id="less of"),
        pytest.param("*/*, application/hal+json;q=0", "application/vnd.hal+json"),
        pytest.param("application/*;q=0, */*", "text/xml", id="type excluded"),
        pytest.param("*/*;q=1, application/*;q=0.5, application/xml;q=0.7", "text/xml"),
        pytest.param("application/xml;q=0.001", XML, id="hardly liked"),
        pytest.param("image/png, application/xml;q=0.2", XML, id="unknown type beside"),
        pytest.param(",, ,application/xml,", XML, id="empty elements"),
        pytest.param("application/xml ; q = 0.5", XML, id="blanks"),
        pytest.param("application/xml;charset=utf-8", XML, id="parameter"),
        pytest.param('application/xml;x="a,b;q=0"', XML, id="quoted comma"),
        pytest.param('application/xml;q="0.5", text/xml;q=0.4', XML, id="quoted q"),
        pytest.param("xml, application/xml", XML, id="one element no type"),
        pytest.param("*/json, application/xml", XML, id="wild type of subtype"),
        pytest.param("application/json;q=high, application/xml;q=0.1", XML, id="bad q"),
        pytest.param("application/json;q=1.1, application/xml;q=0.1", XML, id="q > 1"),
        pytest.param("application/json;q=-1, application/xml;q=0.1", XML, id="q < 0"),
        pytest.param("application/json;q=nan, application/xml;q=0.1", XML, id="nan"),
        pytest.param("application/json;q=, application/xml;q=0.1", XML, id="q blank"),
        pytest.param("a/b/c, application/xml", XML, id="two slashes"),
        pytest.param("nonsense", HAL, id="all unreadable"),
        pytest.param(";;;,/,*/,/*,*", HAL, id="punctuation"),
        pytest.param('"open, application/xml', HAL, id="quote left open"),
    ],
)
def test_the_best_liked_representation_is_chosen(accept, media_type):
    assert negotiate(accept).media_type == media_type


@pytest.mark.parametrize(
    "accept",
    [
        pytest.param("image/png", id="only another"),
        pytest.param("*/*;q=0", id="everything excluded"),
        pytest.param("application/xml;q=0", id="the only one excluded"),
        pytest.param("text/plain, image/*;q=0.5", id="several others"),
    ],
)
def test_what_excludes_everything_is_told_what_there_is(accept):
    with pytest.raises(NotAcceptable) as caught:
        negotiate(accept)
    assert {HAL, XML} <= set(caught.value.available)


def test_a_browser_gets_what_it_likes_before_its_wildcard():
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert negotiate(accept).media_type in {"text/html", XML}


@pytest.mark.parametrize(
    ("wish", "indent"),
    [
        pytest.param("2", 2, id="two"),
        pytest.param("0", 0, id="none"),
        pytest.param('"4"', 4, id="quoted"),
        pytest.param("99", 8, id="too many"),
        pytest.param("-1", 0, id="less than none"),
        pytest.param("two", 0, id="no number"),
        pytest.param("²", 0, id="no decimal digit"),
        pytest.param("", 0, id="blank"),
        pytest.param("9" * 5000, 8, id="more digits than Python reads"),
    ],
)
def test_an_indent_is_a_small_number(wish, indent):
    assert negotiate(f"application/json;indent={wish}").indent == indent


def test_indentation_tells_tags_apart():
    tags = {negotiate(f"application/json;indent={each}").tag for each in (0, 2, 4)}
    assert len(tags) == 3


def test_a_tag_is_the_same_for_all_media_types_of_a_format():
    assert negotiate("application/json").tag == DEFAULT.tag
    assert negotiate("text/xml").tag == negotiate(XML).tag != DEFAULT.tag


@pytest.mark.parametrize(
    ("path", "split"),
    [
        pytest.param("/books.json", ("/books", ".json"), id="collection"),
        pytest.param("/books/1.xml", ("/books/1", ".xml"), id="member"),
        pytest.param("/items/a.b.csv", ("/items/a.b", ".csv"), id="dots before"),
        pytest.param("/items/a.b", ("/items/a.b", ""), id="no format"),
        pytest.param("/items/a.json/x", ("/items/a.json/x", ""), id="not the last"),
        pytest.param("/items/.json", ("/items/.json", ""), id="nothing but a suffix"),
        pytest.param("/.json", ("/.json", ""), id="the root has none"),
        pytest.param("/", ("/", ""), id="root"),
        pytest.param("/items/a.JSON", ("/items/a.JSON", ""), id="capitals"),
        pytest.param("/items/a.json.xml", ("/items/a.json", ".xml"), id="only one"),
    ],
)
def test_a_suffix_is_the_end_of_the_last_segment(path, split):
    assert split_suffix(path) == split


@pytest.mark.parametrize(
    ("suffix", "media_type"), [pytest.param(".json", HAL), pytest.param(".xml", XML)]
)
def test_a_suffix_asks_for_its_format(suffix, media_type):
    assert variant_of_suffix(suffix).media_type == media_type


def test_a_suffix_without_a_format_is_not_acceptable():
    with pytest.raises(NotAcceptable, match=r"ends in \.zip") as caught:
        variant_of_suffix(".zip")
    assert {HAL, XML} <= set(caught.value.available)
