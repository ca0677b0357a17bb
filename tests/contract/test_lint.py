"""Answers are held against what HTTP's specifications ask of any answer."""

from email.utils import formatdate

import pytest
from httplint import HttpResponseLinter
from httplint.note import levels

from tests.shop import a_book

REQUESTS = [
    pytest.param("GET", "/", {}, id="root"),
    pytest.param("GET", "/books", {}, id="page"),
    pytest.param("GET", "/books/1", {}, id="book"),
    pytest.param("GET", "/books/1.xml", {}, id="XML"),
    pytest.param("GET", "/books/9", {}, id="404"),
    pytest.param("GET", "/books?x=1", {}, id="400"),
    pytest.param("GET", "/books", {"If-None-Match": "*"}, id="304"),
    pytest.param("DELETE", "/books", {}, id="405"),
    pytest.param("DELETE", "/books/1", {}, id="204"),
    pytest.param("OPTIONS", "/books", {}, id="options"),
]


@pytest.mark.parametrize(("method", "path", "headers"), REQUESTS)
def test_a_linter_of_http_finds_no_fault(client, method, path, headers):
    a_book(client)
    answer = client.simulate_request(method, path, headers=headers)
    linter = HttpResponseLinter()
    linter.process_response_topline(
        b"HTTP/1.1", str(answer.status_code).encode(), answer.status.encode()[4:]
    )
    # gunicorn adds the date to every answer; the test client does not.
    date = (b"Date", formatdate(usegmt=True).encode())
    fields = [date, *((k.encode(), v.encode()) for k, v in answer.headers.items())]
    linter.process_headers(fields)
    linter.feed_content(answer.content)
    linter.finish_content(complete=True)
    bad = {
        type(note).__name__: note.summary
        for note in linter.notes
        if note.level == levels.BAD
    }
    assert bad == {}
