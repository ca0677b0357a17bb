"""Conditions of reads and writes, alone and together (RFC 9110, section 13)."""

from itertools import product

import pytest

from api.errors import BadRequest, PreconditionRequired, VersionMismatch
from api.protocol.conditional import (
    NO_CONDITIONS,
    State,
    conditions_of,
    etag,
    http_date,
)
from tests.unit.builders import a_request

STATE = State(7, "2026-11-21T08:00:00.700000Z")
EARLIER = "Sat, 21 Nov 2026 07:59:59 GMT"
SAME = "Sat, 21 Nov 2026 08:00:00 GMT"
LATER = "Sat, 21 Nov 2026 08:00:01 GMT"
MATCHES = {None: None, '"7-json"': True, '"6-json"': False}
DATES = {None: None, SAME: True, EARLIER: False}
ALL = list(product(MATCHES, MATCHES, DATES, DATES))
FIELDS = ("If-Match", "If-None-Match", "If-Unmodified-Since", "If-Modified-Since")


def conditions(*values, **named):
    given = dict(zip(FIELDS, values, strict=False))
    given |= {name.replace("_", "-"): value for name, value in named.items()}
    return conditions_of(a_request({k: v for k, v in given.items() if v is not None}))


def read(asked, state=STATE):
    """The status that a GET of version 7 as JSON has."""
    try:
        return 304 if asked.is_fresh(state, "json") else 200
    except VersionMismatch:
        return 412


def write(asked, state=STATE, *, obligatory=False):
    """The status that a write has: 200 where it goes on."""
    try:
        asked.require_for_write(state, obligatory=obligatory)
    except VersionMismatch:
        return 412
    except PreconditionRequired:
        return 428
    return 200


def expected_of_read(match, none_match, unmodified, modified):
    """RFC 9110, section 13.2.2, step by step."""
    held = MATCHES[match] if match is not None else DATES[unmodified]
    if held is False:
        return 412
    if none_match is not None:
        return 304 if MATCHES[none_match] else 200
    return 304 if DATES[modified] else 200


def expected_of_write(match, none_match, unmodified, _modified):
    held = MATCHES[match] if match is not None else DATES[unmodified]
    return 412 if held is False or MATCHES[none_match] else 200


@pytest.mark.parametrize("headers", ALL)
def test_a_read_follows_the_order_of_the_rfc(headers):
    assert read(conditions(*headers)) == expected_of_read(*headers)


@pytest.mark.parametrize("headers", ALL)
def test_a_write_goes_on_only_if_all_conditions_hold(headers):
    assert write(conditions(*headers)) == expected_of_write(*headers)


@pytest.mark.parametrize("headers", ALL)
def test_an_obligatory_if_match_is_missed_where_no_other_condition_fails(headers):
    expected = expected_of_write(*headers)
    if headers[0] is None and expected == 200:
        expected = 428
    assert write(conditions(*headers), obligatory=True) == expected


@pytest.mark.parametrize("headers", ALL)
def test_where_nothing_exists_only_if_match_fails(headers):
    assert write(conditions(*headers), None) == (412 if headers[0] else 200)


@pytest.mark.parametrize(
    ("field", "tags", "read_status", "write_status"),
    [
        pytest.param("If-Match", "*", 200, 200, id="any"),
        pytest.param("If-Match", " * ", 200, 200, id="any with blanks"),
        pytest.param("If-Match", 'W/"7-json"', 412, 412, id="weak never matches"),
        pytest.param("If-Match", '"1", "7-json"', 200, 200, id="second of two"),
        pytest.param("If-Match", ',, "7-json" ,', 200, 200, id="empty elements"),
        pytest.param("If-Match", '"a,b","7-json"', 200, 200, id="comma in a tag"),
        pytest.param("If-Match", '"7-xml"', 412, 200, id="another format"),
        pytest.param("If-Match", '"77-json"', 412, 412, id="longer number"),
        pytest.param("If-Match", '"07-json"', 412, 412, id="leading zero"),
        pytest.param("If-Match", '""', 412, 412, id="empty tag"),
        pytest.param("If-Match", '"*"', 412, 412, id="a quoted star is a tag"),
        pytest.param("If-None-Match", "*", 304, 412, id="none at all"),
        pytest.param("If-None-Match", '"*"', 200, 200, id="none called star"),
        pytest.param("If-None-Match", 'W/"7-json"', 304, 412, id="weak comparison"),
        pytest.param("If-None-Match", '"7-xml"', 200, 412, id="none in XML"),
        pytest.param("If-None-Match", '"6", W/"5"', 200, 200, id="none of two"),
    ],
)
def test_tags_are_compared_as_the_field_wants(field, tags, read_status, write_status):
    asked = conditions(**{field: tags})
    assert (read(asked), write(asked)) == (read_status, write_status)


@pytest.mark.parametrize("field", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize(
    "tags",
    [
        pytest.param("7-json", id="no quotes"),
        pytest.param('"7-json', id="quote left open"),
        pytest.param('7-json"', id="quote at the end"),
        pytest.param('"a" "b"', id="no comma"),
        pytest.param('w/"7"', id="small w"),
        pytest.param("**", id="two stars"),
        pytest.param('*, "7"', id="star in a list"),
        pytest.param('"7 8"', id="blank in a tag"),
    ],
)
def test_a_malformed_tag_is_refused_and_its_field_named(field, tags):
    with pytest.raises(BadRequest, match=field) as caught:
        conditions(**{field: tags})
    assert [fault.parameter for fault in caught.value.faults] == [field]


@pytest.mark.parametrize("field", ["If-Modified-Since", "If-Unmodified-Since"])
@pytest.mark.parametrize(
    "date",
    [
        pytest.param("", id="empty"),
        pytest.param("yesterday", id="words"),
        pytest.param("Sat, 31 Feb 2026 08:00:00 GMT", id="no such day"),
        pytest.param("Sat, 21 Nov 2026 25:00:00 GMT", id="no such hour"),
        pytest.param("Sat, 21 Nov 99999999999999999999 08:00:00 GMT", id="far year"),
        pytest.param("Sat, 21 Nov 2026 99999999999999999999:00:00 GMT", id="far hour"),
        pytest.param("Sat, 21 Nov 2026 08:00:00 +99999999999", id="far zone"),
        pytest.param(",,,", id="commas"),
    ],
)
def test_a_date_that_cannot_be_read_is_no_condition(field, date):
    asked = conditions(**{field: date})
    assert (read(asked), write(asked)) == (200, 200)


@pytest.mark.parametrize(
    ("date", "status"),
    [
        pytest.param(LATER, 304, id="later"),
        pytest.param(SAME, 304, id="the same second"),
        pytest.param(EARLIER, 200, id="earlier"),
        pytest.param("Saturday, 21-Nov-26 08:00:00 GMT", 304, id="RFC 850"),
        pytest.param("Sat Nov 21 08:00:00 2026", 304, id="asctime"),
        pytest.param("Sat, 21 Nov 2026 08:00:00 -0000", 304, id="no zone"),
    ],
)
def test_dates_are_compared_in_whole_seconds(date, status):
    assert read(conditions(If_Modified_Since=date)) == status
    write_status = 200 if status == 304 else 412
    assert write(conditions(If_Unmodified_Since=date)) == write_status


def test_what_has_no_date_ignores_dates():
    asked = conditions(If_Modified_Since=SAME, If_Unmodified_Since=EARLIER)
    assert (read(asked, State(7)), write(asked, State(7))) == (200, 200)


def test_a_request_without_conditions_shares_one_object():
    assert conditions() is NO_CONDITIONS
    assert read(NO_CONDITIONS) == 200


def test_tag_and_date_are_written_as_header_fields_want_them():
    assert etag(7, "json2") == '"7-json2"'
    assert http_date(STATE.updated) == SAME
