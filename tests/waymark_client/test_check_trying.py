"""`waymark check` tries forms, templates and streams, and tells what it could not."""

import httpx2
import pytest

from tests.waymark_client.flawed import Shop, problem
from tests.waymark_client.flaws import ROOT, at, findings, form, noting
from waymark_client.checking.crawler import Bounds
from waymark_client.checking.findings import NOT_TRIED


@pytest.mark.parametrize(
    "told",
    [
        {"options": {"link": {"href": "/nowhere"}}},
        {"options": {"link": {"href": "/books{/x}", "templated": True}}},
        {"regex": "[A-Z]{30}"},
    ],
    ids=["a choice of nothing", "a choice behind a variable", "a pattern of its own"],
)
def test_a_form_that_can_t_be_filled_in_is_told_and_not_sent(told):
    asked = []
    flaw = form(properties=[{"name": "a", "required": True, **told}])
    found = findings(Shop(flaw["change"], noting(asked)))
    assert {each.rule for each in found} == {NOT_TRIED}
    assert found[0].message == "default: no value for a"
    assert not [each for each in asked if each.startswith("POST")]


def test_what_can_be_chosen_elsewhere_is_chosen():
    sent = []

    def spoil(request, status, fields, body):
        if request.method == "POST":
            sent.append(request.content)
            return 201, {"location": "/b/1"}, b""
        return status, fields, body

    link = {"href": "/books?page=1"}
    kind = {"link": link, "valueField": "title"}
    flaw = form(properties=[{"name": "title", "required": True, "options": kind}])
    assert findings(Shop(flaw["change"], spoil)) == []
    assert set(sent) == {b"title=Book+1"}


def test_a_form_that_searches_is_tried_without_leave():
    asked = []
    flaw = form(method="GET", properties=[{"name": "q", "value": "x"}])
    found = findings(Shop(flaw["change"], noting(asked)), Bounds())
    assert {each.rule for each in found} == {"form-refused"}
    assert "GET /books?q=x" in asked


def test_a_form_that_leads_to_another_host_is_not_sent():
    asked = []
    flaw = form(target="http://evil.example/books")
    found = findings(Shop(flaw["change"], noting(asked)))
    assert {each.rule for each in found} == {"foreign-host"}
    assert not [each for each in asked if each.startswith(("POST", "OPTIONS"))]


@pytest.mark.parametrize(
    ("href", "path", "rules"),
    [
        # The self of a book is one of those that the template makes.
        ("/b/{number}", "/", set()),
        ("/{kind}/{+rest}", "/", set()),
        # The book itself has the value.
        ("/{title}", "/b/1", {"dead-link"}),
        ("/books?page={n}", "/books?page=1", set()),
        ("/nowhere/{id}", "/", {NOT_TRIED}),
    ],
)
def test_a_template_is_filled_in_with_what_is_known(href, path, rules):
    def change(documents):
        document = documents[path][1]
        document["_links"]["x"] = {"href": href, "templated": True}

    assert {each.rule for each in findings(Shop(change))} == rules


def test_a_form_that_changes_its_document_carries_the_tag():
    sent = []

    def spoil(request, status, fields, body):
        if request.method == "PUT":
            sent.append(request.headers["if-match"])
            return 409, *problem(409)[1:]
        if request.method == "OPTIONS":
            return 204, {}, b""
        return status, fields, body

    edit = {"method": "PUT", "properties": [{"name": "title", "value": "x"}]}
    flaw = at("/b/1", _templates={"default": edit, "gone": {"method": "DELETE"}})
    found = findings(Shop(flaw["change"], spoil))
    assert [each.message for each in found] == [f"gone: it would delete {ROOT}b/1"]
    assert sent == ['"1-cati"']


def streaming(kind, text, *, is_typed=True):
    """A change that makes the alternate a stream, of a link that says so or not."""

    def change(documents):
        documents["/text"] = kind, text
        told = documents["/"][1]["_links"]["alternate"][0]
        told.update({"type": kind} if is_typed else {})
        if not is_typed:
            del told["type"]

    return change


@pytest.mark.parametrize("is_typed", [True, False])
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("application/x-ndjson", '{"_links": {}}\n{"n": 1}\n'),
        ("text/csv", 'id,title\r\n1,"a\nb"\r\n'),
    ],
)
def test_rows_are_no_document(kind, text, is_typed):
    assert findings(Shop(streaming(kind, text, is_typed=is_typed))) == []


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("application/x-ndjson", '{"n": 1}\n{"n":\n{}\n', "line 2 is no JSON"),
        ("text/csv", "a,b\r\n1\r\n2,3\r\n", "row 2 has 1 cells, the first 2"),
        ("text/csv", 'a\r\n"b"c\r\n', "',' expected after '\"'"),
        ("text/csv", b"a\r\n\xff\r\n", "invalid start byte at octet 3"),
    ],
)
def test_a_row_that_is_none_is_told(kind, text, told):
    [found] = findings(Shop(streaming(kind, text)))
    assert (found.rule, found.message) == ("malformed-body", told)


@pytest.mark.parametrize(
    ("kind", "row"),
    [("application/x-ndjson", '{"n": "0123456789"}\n'), ("text/csv", 'a,"b\nc\n\n"\n')],
)
def test_of_a_long_stream_the_beginning_is_enough(kind, row):
    # What is wrong comes too late to be seen; the row at the bound is left out.
    rows = row * (66_000 // len(row)) + 'broken"\n'
    assert findings(Shop(streaming(kind, rows))) == []


@pytest.mark.parametrize("part", [0, 1], ids=["at once", "on the way"])
def test_a_stream_that_is_cut_is_a_dead_link(part):
    class Cut(httpx2.SyncByteStream):
        def __iter__(self):
            yield b"{}\n"
            raise httpx2.ReadError("cut")

    def shop(request):
        answer = whole(request)
        if request.url.path != "/text" or request.method != "GET":
            return answer
        if not part:
            raise httpx2.ConnectError("refused")
        return httpx2.Response(200, headers=answer.headers, stream=Cut())

    whole = Shop(streaming("application/x-ndjson", "{}\n"))
    assert {each.rule for each in findings(shop)} == {"dead-link"}


def test_without_leave_nothing_is_written():
    asked = []
    findings(Shop(spoil=noting(asked)), Bounds())
    assert {each.split()[0] for each in asked} == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "bounds", [Bounds(depth=0), Bounds(requests=1), Bounds(each_shape=0)]
)
def test_the_walk_is_bounded(bounds):
    asked = []
    findings(Shop(spoil=noting(asked)), bounds)
    assert "GET /b/1" not in asked


def test_what_the_bound_on_requests_left_out_is_told():
    [found] = findings(Shop(), Bounds(requests=1))
    assert (found.rule, found.message) == (NOT_TRIED, "4 links, after 6 requests")


def test_the_rate_is_kept(monkeypatch):
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    findings(Shop(), Bounds(rate=50))
    assert len(pauses) > 20
    assert set(pauses) == {1 / 50}
