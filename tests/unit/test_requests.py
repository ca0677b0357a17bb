"""What a request says of itself."""

import re

import pytest
from falcon import HTTPMissingHeader

from api.errors import InvalidQuery
from api.protocol.negotiation import negotiate, variant_of_suffix
from api.protocol.preferences import NONE_GIVEN
from tests.unit.builders import a_request


def test_a_request_has_one_id_that_is_a_uuid():
    request = a_request()
    assert re.fullmatch(
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", request.request_id
    )
    assert request.request_id == request.request_id != a_request().request_id


@pytest.mark.parametrize("name", ["If-Match", "if-match", "IF-MATCH"])
def test_a_header_field_is_found_whatever_its_case(name):
    request = a_request({"If-Match": "*"})
    assert (request.get_header(name), request.get_header("X-None")) == ("*", None)
    assert request.get_header("X-None", default="x") == "x"


def test_a_header_field_that_is_required_must_be_there():
    with pytest.raises(HTTPMissingHeader):
        a_request().get_header("If-Match", required=True)


def test_a_request_knows_its_preferences():
    assert a_request().preferences is NONE_GIVEN
    assert a_request({"Prefer": "return=minimal"}).preferences.is_minimal


@pytest.mark.parametrize(
    ("path", "query", "variant", "location"),
    [
        pytest.param("/a", "", variant_of_suffix(".json"), "/a.json", id="JSON"),
        pytest.param("/a", "b=c", variant_of_suffix(".xml"), "/a.xml?b=c", id="XML"),
        pytest.param(
            "/a", 'b="<', variant_of_suffix(".json"), "/a.json?b=%22%3C", id="quoted"
        ),
        pytest.param("/", "", variant_of_suffix(".json"), None, id="root"),
        pytest.param("/a", "", negotiate("*/*;indent=2"), None, id="indented"),
    ],
)
def test_a_variant_has_a_uri_where_a_suffix_can_name_it(path, query, variant, location):
    request = a_request(path=path, query_string=query)
    request.variant = variant
    assert request.content_location == location


def test_where_parameters_have_no_meaning_each_is_refused():
    with pytest.raises(InvalidQuery) as caught:
        a_request(query_string="b=1&a=2&a=3").refuse_query()
    assert [fault.parameter for fault in caught.value.faults] == ["b", "a"]


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(a_request(), id="no query"),
        pytest.param(
            a_request({"Prefer": "handling=lenient"}, query_string="a=1"), id="lenient"
        ),
    ],
)
def test_without_parameters_or_leniently_nothing_is_refused(request_):
    request_.refuse_query()
