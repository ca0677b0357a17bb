"""Answers as plain values, and what the header fields of representations say."""

from falcon.asgi import Response

from api.hypermedia.document import NOTHING, Document, Link
from api.protocol.answers import Answer, Representation
from api.protocol.caching import PRIVATE
from api.protocol.conditional import State
from api.protocol.negotiation import DEFAULT, negotiate

STATE = State(7, "2026-11-21T08:00:00.700000Z")


def test_an_answer_becomes_a_response():
    resp = Response()
    Answer(201, {"location": "/a"}, b"{}").send(resp)
    assert (resp.status, resp.data) == ("201 Created", b"{}")
    assert resp.get_header("Location") == "/a"
    assert resp.get_header("X-Content-Type-Options") == "nosniff"


def test_an_answer_without_a_body_sends_none():
    resp = Response()
    Answer(204).send(resp)
    assert (resp.status, resp.data) == ("204 No Content", None)


def test_a_200_and_its_304_share_their_fields():
    shown = Representation(DEFAULT, PRIVATE, "/a.json")
    document = Document({}, NOTHING, {"self": Link("/a")})
    whole, short = shown.carry(document, STATE), shown.not_modified(STATE)
    assert (whole.status, short.status, short.body) == (200, 304, b"")
    assert short.headers.items() <= whole.headers.items()
    assert short.headers == {
        "cache-control": PRIVATE,
        "vary": "Accept",
        "etag": '"7-json"',
        "last-modified": "Sat, 21 Nov 2026 08:00:00 GMT",
        "content-location": "/a.json",
    }
    assert whole.headers["content-type"] == "application/hal+json"
    assert whole.headers["link"] == '</a>; rel="self"'


def test_what_has_no_state_has_no_tag_and_what_has_no_date_none():
    shown = Representation(DEFAULT, PRIVATE)
    assert "etag" not in shown.headers(None)
    assert shown.headers(State(7)).keys() == {"cache-control", "vary", "etag"}


def test_a_tag_of_its_own_stands_in_place_of_the_variant_s():
    shown = Representation(negotiate("application/xml"), PRIVATE, tag="xml-fields")
    assert shown.headers(STATE)["etag"] == '"7-xml-fields"'


def test_without_links_there_is_no_link_field():
    answer = Representation(DEFAULT, PRIVATE).carry(
        Document({}, NOTHING, {}), None, 201
    )
    assert (answer.status, "link" in answer.headers) == (201, False)
