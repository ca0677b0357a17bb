"""What a form of a page means."""

import pytest

from api.errors import InvalidBody, MalformedBody
from api.protocol.form_posts import read_form_post


def test_hidden_fields_are_taken_out_and_the_rest_is_the_body():
    form = read_form_post(b"_method=PUT&_etag=%223-html%22&_back=/books/1&a=1&b=%C3%A4")
    assert (form.method, form.etag, form.back) == ("PUT", '"3-html"', "/books/1")
    assert (form.body, form.values) == (b"a=1&b=%C3%A4", {"a": "1", "b": "ä"})


def test_without_hidden_fields_it_is_a_post():
    form = read_form_post(b"a=1&a=2")
    assert (form.method, form.etag, form.back) == ("POST", None, None)
    assert form.body == b"a=1&a=2"


@pytest.mark.parametrize("method", ["GET", "TRACE", "put", ""])
def test_other_methods_are_refused(method):
    with pytest.raises(InvalidBody):
        read_form_post(f"_method={method}&a=1".encode())


@pytest.mark.parametrize(
    "back",
    ["//evil.example", "/\\evil.example", "http://evil.example", "x", "", "/a%0d%0ab"]
    + ["/%E4%B8%80", "/a%20b", "/" + "a" * 2001],
)
def test_nobody_is_sent_elsewhere(back):
    assert read_form_post(f"_back={back}&a=1".encode()).back is None


def test_what_is_no_form_is_malformed():
    with pytest.raises(MalformedBody):
        read_form_post(b"a=%ff")
