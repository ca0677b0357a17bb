"""The Idempotency-Key of a request, and what it stands for."""

import pytest

from api.errors import BadRequest, KeyReused
from api.protocol.idempotency import keyed_request
from api.storage.receipts import Receipt
from tests.unit.builders import a_request


def keyed(key="abc", body=b"{}", *, content_type="application/json", **scope):
    headers = {"Idempotency-Key": key, "Content-Type": content_type}
    return keyed_request(a_request(headers, method="POST", **scope), body)


def test_without_the_header_there_is_no_key():
    assert keyed_request(a_request(), b"") is None


@pytest.mark.parametrize("other", ['"abc"', " abc ", '  "abc"  '])
def test_quotes_and_blanks_around_a_key_do_not_count(other):
    assert keyed(other) == keyed("abc")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(keyed("abd"), id="another key"),
        pytest.param(keyed(path="/books"), id="another path"),
        pytest.param(keyed("ABC"), id="capitals"),
    ],
)
def test_a_key_holds_in_its_scope(other):
    assert other.key != keyed().key


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(keyed(body=b"[]"), id="another body"),
        pytest.param(keyed(content_type="application/xml"), id="another media type"),
    ],
)
def test_a_key_reused_for_another_request_is_refused(other):
    assert other.key == keyed().key
    with pytest.raises(KeyReused):
        other.require_same(Receipt(keyed().fingerprint, 201, {}, b""))


def test_the_same_request_may_have_the_same_answer():
    keyed().require_same(Receipt(keyed().fingerprint, 201, {}, b""))


@pytest.mark.parametrize("key", ["a" * 255, '"' + "a" * 255 + '"', "a b", "!~"])
def test_a_key_is_printable_ascii(key):
    assert keyed(key).key


@pytest.mark.parametrize("key", ["", '""', " ", "a" * 256, "a\tb", "é", "a\x7f"])
def test_another_key_is_refused_by_its_header_s_name(key):
    with pytest.raises(BadRequest) as caught:
        keyed(key)
    assert [fault.parameter for fault in caught.value.faults] == ["Idempotency-Key"]
