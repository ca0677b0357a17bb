"""How a body comes in: announced, typed, limited, whole."""

import asyncio

import pytest

from api.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType
from api.hypermedia.document import NOTHING
from api.protocol.bodies import (
    DOCUMENTS,
    JSON_PATCH,
    LARGEST_BODY,
    MERGE_PATCH,
    PATCHES,
    Body,
    has_body,
    media_type_of,
    parse_document,
    parse_patch,
    read_body,
)
from tests.unit.builders import a_request

JSON = "application/json"
PART = {"type": "http.request", "body": b"x" * 65_536, "more_body": True}
GONE = {"type": "http.disconnect"}


def received(*events):
    """All events that a body gives which gets these."""
    coming = iter(events)

    async def receive():
        return next(coming)

    async def all_events():
        body = Body(receive)
        return [await body.receive() for _ in range(len(events) + 1)]

    return asyncio.run(all_events())


@pytest.mark.parametrize(
    ("headers", "holds"),
    [
        pytest.param([], False, id="none"),
        pytest.param([(b"content-type", b"a/b")], False, id="type alone"),
        pytest.param([(b"content-length", b"0")], False, id="no octets"),
        pytest.param([(b"content-length", b"2")], True, id="two octets"),
        pytest.param([(b"transfer-encoding", b"chunked")], True, id="chunked"),
    ],
)
def test_a_body_is_announced_by_its_length_or_coding(headers, holds):
    assert has_body({"headers": headers}) is holds


@pytest.mark.parametrize(
    ("content_type", "media_type"),
    [
        pytest.param(None, JSON, id="none given"),
        pytest.param("application/hal+json", "application/hal+json", id="HAL"),
        pytest.param("Application/JSON", JSON, id="capitals"),
        pytest.param("application/json; charset=UTF-8", JSON, id="charset"),
        pytest.param('application/json; charset="utf8"', JSON, id="quoted charset"),
        pytest.param("application/json;charset=us-ascii", JSON, id="ASCII"),
        pytest.param("application/json; profile=x", JSON, id="other parameter"),
    ],
)
def test_a_media_type_is_known_by_its_name(content_type, media_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    assert media_type_of(a_request(headers), DOCUMENTS) == media_type


@pytest.mark.parametrize(
    ("known", "field"),
    [pytest.param(DOCUMENTS, "Accept-Post"), pytest.param(PATCHES, "Accept-Patch")],
)
@pytest.mark.parametrize(
    "content_type", ["text/plain", "", ";", "json", "application/json;charset=utf-16"]
)
def test_another_media_type_is_told_those_that_are_read(content_type, known, field):
    with pytest.raises(UnsupportedMediaType) as caught:
        media_type_of(a_request({"Content-Type": content_type}), known)
    assert caught.value.headers == {field: ", ".join(known)}
    assert caught.value.available == tuple(known)


def test_a_json_patch_is_no_document():
    with pytest.raises(UnsupportedMediaType):
        media_type_of(a_request({"Content-Type": JSON_PATCH}), DOCUMENTS)


def test_a_body_is_read_whole():
    body = b"a" * LARGEST_BODY
    req = a_request({"Content-Length": str(len(body))}, body=body)
    assert asyncio.run(read_body(req)) == body


def test_a_body_announced_too_large_is_refused_before_it_is_read():
    req = a_request({"Content-Length": str(LARGEST_BODY + 1)}, events=[GONE])
    with pytest.raises(BodyTooLarge, match="1,048,576"):
        asyncio.run(read_body(req))


def test_a_body_is_counted_while_it_comes_in():
    req = a_request({"Transfer-Encoding": "chunked"}, events=[PART] * 17)
    with pytest.raises(BodyTooLarge):
        asyncio.run(read_body(req))


@pytest.mark.parametrize("field", ["Content-Encoding", "Transfer-Encoding"])
def test_a_coded_body_is_not_read(field):
    with pytest.raises(UnsupportedMediaType, match="gzip") as caught:
        asyncio.run(read_body(a_request({field: "gzip"}, body=b"x")))
    assert caught.value.headers == {"Accept-Encoding": "identity"}


def test_the_first_event_of_a_body_is_empty_and_made_up():
    last = {"type": "http.request", "body": b"x"}
    first, second, third = received(last, GONE)
    assert (first["body"], first["more_body"]) == (b"", True)
    assert (second, third) == (last, GONE)


@pytest.mark.parametrize("events", [(GONE,), (PART, GONE)])
def test_a_body_that_breaks_off_is_an_error(events):
    with pytest.raises(MalformedBody, match="broke off"):
        received(*events)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b'"a"', b"1", b"null", b"true", b"{"], ids=repr
)
def test_a_document_must_be_an_object(text):
    with pytest.raises(MalformedBody):
        parse_document(text, JSON, NOTHING)


def test_each_media_type_has_its_parser():
    xml, form = "application/xml", "application/x-www-form-urlencoded"
    assert parse_document(b'{"a":"b"}', JSON, NOTHING) == {"a": "b"}
    assert parse_document(b"<resource><a>b</a></resource>", xml, NOTHING) == {"a": "b"}
    assert parse_document(b"a=b", form, NOTHING) == {"a": "b"}


@pytest.mark.parametrize(
    ("text", "media_type", "wanted"),
    [
        pytest.param(b"{}", JSON_PATCH, "a list", id="object as operations"),
        pytest.param(b"[]", MERGE_PATCH, "an object", id="list to merge"),
        pytest.param(b"[]", JSON, "an object", id="list as plain JSON"),
        pytest.param(b"null", MERGE_PATCH, "an object", id="null to merge"),
        pytest.param(b"", MERGE_PATCH, "no body", id="nothing"),
    ],
)
def test_a_patch_of_the_wrong_shape_is_refused(text, media_type, wanted):
    with pytest.raises(MalformedBody, match=wanted):
        parse_patch(text, media_type, NOTHING)


def test_a_patch_is_an_object_or_a_list_of_operations():
    assert parse_patch(b'{"a":null}', JSON, NOTHING) == {"a": None}
    assert parse_patch(b"[]", JSON_PATCH, NOTHING) == []
