"""`waymark check` finds each flaw of a shop that is given one, and nothing without."""

import json

import httpx2
import pytest
from click.testing import CliRunner

from tests.waymark_client.flawed import HAL, Shop, problem
from tests.waymark_client.flaws import (
    ROOT,
    at,
    field,
    findings,
    form,
    linked,
    links,
    page,
    refusing,
    spoiled,
)
from waymark_client.checking.findings import NOT_TRIED, RULES
from waymark_client.commands import waymark


def moved(documents):
    documents["/rels/books"][1]["_links"]["self"]["href"] = "/b/1"
    documents["/b/1"][1]["_links"]["self"]["href"] = "/b/2"


def same_tags(request, status, fields, body):
    if "etag" in fields:
        fields["etag"] = '"1"'
    return status, fields, body


def broken(status, fields, body):
    return status, fields, body[:-1]


def failing(request, status, fields, body):
    is_it = request.url.path == "/b/2"
    return problem(500) if is_it else (status, fields, body)


def closed(request, status, fields, body):
    is_it = request.url.path == "/b/2" and request.method == "GET"
    return problem(401) if is_it else (status, fields, body)


def away(request, status, fields, body):
    if request.url.path == "/b/2":
        raise httpx2.ConnectError("refused")
    return status, fields, body


TWICE = {"item": [{"title": "Book 1", "_links": {"self": {"href": "/b/1"}}}]}
BARE = {"item": [{"title": "Book 1"}]}
OTHERWISE = {"item": [{"title": "Other", "_links": {"self": {"href": "/b/1"}}}]}
OF_HTTP = "max-age=1, max-age=2"

FLAWS = [
    pytest.param("dead-link", linked("about"), id="dead link"),
    pytest.param("dead-link", {"spoil": away}, id="link without an answer"),
    pytest.param("server-failure", {"spoil": failing}, id="failure"),
    pytest.param("missing-self", links(lambda told: told.pop("self")), id="no self"),
    pytest.param("missing-self", at("/books?page=1", _embedded=BARE), id="none inside"),
    pytest.param("templated-self", linked("self", "/{?x}", templated=True), id="self"),
    pytest.param("unstable-self", {"change": moved}, id="self of another"),
    pytest.param("malformed-link", linked("item", None), id="no href"),
    pytest.param(
        "malformed-link", links(lambda told: told.update(item="/")), id="text"
    ),
    pytest.param("malformed-link", linked("x", "http://[bad/"), id="no URI"),
    pytest.param(
        "malformed-link", field("link", '<http://[bad/>; rel="x"'), id="none in Link"
    ),
    pytest.param("malformed-template", linked("x", "/b{?x", templated=True), id="open"),
    pytest.param("undeclared-template", linked("x", "/books{?page}"), id="undeclared"),
    pytest.param("empty-template", linked("x", "/", templated=True), id="no variables"),
    pytest.param("unresolved-curie", linked("ex:books", "/"), id="no curie"),
    pytest.param("malformed-curie", linked("curies", "/rels/", name="wm"), id="no rel"),
    pytest.param("dead-link", linked("wm:none", "/"), id="a meaning that is missing"),
    pytest.param("foreign-host", linked("next", "http://evil.example/"), id="foreign"),
    pytest.param(
        "link-type", linked("x", "/b/1", type="text/csv"), id="type of a link"
    ),
    pytest.param("link-header", field("link", '</b/1>; rel="up"'), id="Link header"),
    pytest.param("malformed-body", spoiled("GET", 200, broken), id="broken JSON"),
    pytest.param("media-type", field("content-type", "text/x-hal"), id="no HAL type"),
    pytest.param("missing-vary", field("vary", None), id="no Vary"),
    pytest.param("missing-vary", field("vary", "Origin"), id="another Vary"),
    pytest.param("shared-answer", field("cache-control", "public"), id="for everybody"),
    pytest.param("shared-etag", {"spoil": same_tags}, id="one tag for two formats"),
    pytest.param("malformed-etag", field("etag", "1"), id="bare tag"),
    pytest.param(
        "ignored-etag",
        spoiled("GET", 304, lambda *_: (200, {"content-type": HAL}, b"{}")),
        id="no 304",
    ),
    pytest.param("not-modified", field("vary", None, status=304), id="bare 304"),
    pytest.param("head-differs", field("etag", '"9"', "HEAD"), id="tag of HEAD"),
    pytest.param("head-differs", field("content-length", "9", "HEAD"), id="its length"),
    pytest.param(
        "head-differs", spoiled("HEAD", 200, lambda *_: problem(404)), id="404 to HEAD"
    ),
    pytest.param(
        "head-differs", spoiled("HEAD", 200, lambda *_: problem(405)), id="no HEAD"
    ),
    pytest.param("pages-do-not-meet", page(2, prev="/b/1"), id="prev elsewhere"),
    pytest.param("endless-pages", page(1, next="/books?page=1"), id="next is itself"),
    pytest.param("pages-overlap", at("/books?page=2", _embedded=TWICE), id="twice"),
    pytest.param(
        "embedded-differs", at("/books?page=1", _embedded=OTHERWISE), id="other"
    ),
    pytest.param(
        "no-problem", field("content-type", "text/plain", status=404), id="404"
    ),
    pytest.param(
        "no-problem", spoiled("GET", 404, lambda *_: (404, {}, b"")), id="bare 404"
    ),
    pytest.param(
        "problem-status",
        spoiled("GET", 404, lambda *_: (404, *problem(400)[1:])),
        id="another status",
    ),
    pytest.param("missing-challenge", {"spoil": closed}, id="401 without a challenge"),
    pytest.param("http", field("cache-control", OF_HTTP), id="caching"),
    pytest.param("http", field("last-modified", "yesterday"), id="a date"),
    pytest.param("dead-form", form(method="PUT"), id="method of a form"),
    pytest.param(
        "dead-form", spoiled("OPTIONS", 204, lambda *_: problem(404)), id="its target"
    ),
    pytest.param(
        "form-refused",
        form(contentType="application/json", properties=[{"name": "title"}]),
        id="refused JSON",
    ),
    pytest.param("malformed-form", form(method="GRAB"), id="no such method"),
    pytest.param("malformed-form", form(properties={"a": 1}), id="properties"),
    pytest.param("malformed-form", form(target="http://[bad/"), id="target"),
    pytest.param(
        "form-refused", spoiled("POST", 201, lambda *_: problem(400)), id="refused form"
    ),
]


@pytest.mark.parametrize(("rule", "flaw"), FLAWS)
def test_a_flaw_is_found_with_the_answer_that_shows_it(rule, flaw):
    found = [each for each in findings(Shop(**flaw)) if each.rule == rule]
    assert found
    assert found[0].where.startswith(ROOT)
    assert found[0].evidence()["uri"] == found[0].where


def test_a_flawless_shop_has_no_findings():
    assert findings(Shop()) == []


def test_a_shop_without_tags_is_flawless():
    def spoil(request, status, fields, body):
        return status, {name: fields[name] for name in fields if name != "etag"}, body

    assert findings(Shop(spoil=spoil)) == []


def test_a_refusal_that_gets_no_answer_is_none():
    spoil = refusing(lambda it: "x-nothing" in it.headers["accept"])
    assert findings(Shop(spoil=spoil)) == []


def test_a_header_field_that_is_no_uri_is_left_to_the_linter():
    found = findings(Shop(**field("content-location", "http://[bad/", status=404)))
    assert {each.rule for each in found} <= {"http"}


def test_every_rule_is_tried():
    assert {each.values[0] for each in FLAWS} == set(RULES)


def test_a_step_to_come_is_no_dead_link():
    def spoil(request, status, fields, body):
        if request.url.path == "/nowhere" and request.method == "OPTIONS":
            return 204, {"allow": "GET, HEAD, OPTIONS, PUT"}, b""
        return status, fields, body

    flaw = linked("payment")
    assert findings(Shop(flaw["change"], spoil)) == []


def test_a_server_that_allows_everything_everywhere_does_not_hide_dead_links():
    def spoil(request, status, fields, body):
        if request.method == "OPTIONS":
            return 204, {"allow": "GET, PUT, POST"}, b""
        return status, fields, body

    flaw = linked("payment")
    found = findings(Shop(flaw["change"], spoil))
    assert [each.rule for each in found] == ["dead-link"]


def silent(method):
    """A server that never answers the method."""

    def spoil(request, status, fields, body):
        if request.method == method:
            raise httpx2.ReadTimeout("slow")
        return status, fields, body

    return {"spoil": spoil}


@pytest.mark.parametrize(
    ("method", "rule"),
    [("HEAD", "head-differs"), ("OPTIONS", "dead-form"), ("POST", "form-refused")],
)
def test_a_request_without_an_answer_is_a_flaw(method, rule):
    assert {each.rule for each in findings(Shop(**silent(method)))} == {rule}


def test_a_condition_that_gets_no_answer_is_a_flaw():
    found = findings(Shop(spoil=refusing(lambda it: "if-none-match" in it.headers)))
    assert {each.rule for each in found} == {"ignored-etag"}


def test_a_format_that_is_refused_is_none():
    spoil = refusing(lambda it: "text/html" in it.headers["accept"])
    assert findings(Shop(spoil=spoil)) == []


def test_a_page_that_is_missing_is_a_dead_link_alone():
    flaw = page(1, next="/nowhere")
    assert {each.rule for each in findings(Shop(**flaw))} == {"dead-link"}


def test_a_next_page_that_needs_values_is_no_page_yet():
    told = {"href": "/books/{page}", "templated": True}
    flaw = at("/books?page=2", _links={"self": {"href": "/books?page=2"}, "next": told})
    rules = {each.rule for each in findings(Shop(**flaw))}
    assert rules == {"pages-do-not-meet", NOT_TRIED}


def test_a_type_that_is_no_header_field_is_a_dead_link():
    found = findings(Shop(**linked("x", "/b/1", type="é")))
    assert {each.rule for each in found} == {"dead-link"}


def test_a_problem_that_can_t_be_read_is_told():
    flaw = spoiled("GET", 404, lambda *told: (*told[:2], b"{"))
    assert {each.rule for each in findings(Shop(**flaw))} == {"malformed-body"}


def test_where_an_answer_says_that_it_stands_is_visited():
    flaw = field("content-location", "/nowhere")
    assert {each.rule for each in findings(Shop(**flaw))} >= {"dead-link"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [(problem(401), 1), (None, 3), ((200, {"content-type": "text/html"}, b""), 4)],
    ids=["refused", "cut", "no HAL"],
)
def test_a_service_that_can_t_be_walked_is_not_called_flawless(answer, code):
    def spoil(request, status, fields, body):
        if answer is None:
            raise httpx2.ReadError("cut")
        return answer

    assert run(spoil=spoil).exit_code == code


def run(*words, **flaw):
    options = {"transport": httpx2.MockTransport(Shop(**flaw))}
    return CliRunner().invoke(waymark, ["check", ROOT, *words], obj=options)


def test_the_command_tells_all_and_its_exit_code_too():
    good, bad = run(), run(**linked("about"))
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "0 faults" in good.output
    assert "dead-link: about of http://shop.example/: status 404" in bad.output


def test_what_was_not_tried_is_told_and_is_no_fault():
    flaw = linked("x", "/nowhere/{id}", templated=True)
    done = run(**flaw)
    assert done.exit_code == 0
    assert "not tried: x: no values for /nowhere/{id} (http://shop" in done.output
    assert "0 faults, 1 not tried" in done.output
    [untried] = json.loads(run("--format", "json", **flaw).output)["not_tried"]
    assert untried["uri"] == ROOT
    [sarif] = json.loads(run("--format", "sarif", **flaw).output)["runs"]
    [notes] = sarif["invocations"]
    assert notes["toolExecutionNotifications"][0]["level"] == "note"
    assert sarif["results"] == []


def test_the_report_for_programs_holds_the_answer():
    told = json.loads(run("--format", "json", **linked("about")).output)
    [finding] = told["findings"]
    assert finding["rule"] == "dead-link"
    assert finding["evidence"]["status"] == 404


def test_the_report_for_ci_is_sarif():
    told = json.loads(run("--format", "sarif", **linked("about")).output)
    [result] = told["runs"][0]["results"]
    assert told["version"] == "2.1.0"
    assert result["ruleId"] == "dead-link"
    assert result["webResponse"]["statusCode"] == 404
    gone = json.loads(run("--format", "sarif", spoil=away).output)
    assert any("webResponse" not in each for each in gone["runs"][0]["results"])
