"""Every error is a problem document, and each type of problem can be met."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from falcon.testing import TestClient

from api.app import create_app
from api.errors import ApiError, problem_types
from api.resources.base import Resource
from tests.client import Client
from tests.shop import a_book

VALUE = {"value": 1}
BOOK = {"title": "Moby-Dick", "author": "Herman Melville"}


@pytest.mark.parametrize("slug", problem_types())
def test_every_problem_type_answers_at_its_uri(client, slug):
    described = client.get(f"/problems/{slug}").json
    error = problem_types()[slug]
    assert described["title"] == error.title
    assert described["status"] == int(error.status)
    assert described["advice"] == error.advice


def test_every_error_has_a_type_of_its_own():
    def classes(error):
        return sum((classes(each) for each in error.__subclasses__()), [error])

    assert len(problem_types()) == len(classes(ApiError)) - 1


@pytest.mark.parametrize("path", ["/nope", "/books/x/y/z", "/rels/nope", "/problems/x"])
def test_an_unknown_path_leads_back_to_the_root(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json["_links"]["wm:root"]["href"] == "/"


def test_a_missing_book_leads_to_the_collection(client):
    answer = client.get("/books/77")
    assert answer.json["_links"]["collection"]["href"] == "/books"


def test_a_missing_review_leads_to_the_reviews_of_its_book(client):
    a_book(client)
    answer = client.get("/books/1/reviews/5")
    assert answer.json["_links"]["collection"]["href"] == "/books/1/reviews"


def test_reviews_of_a_missing_book_lead_to_the_books(client):
    for path in ("/books/7/reviews", "/books/7/reviews/5"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json["_links"]["collection"]["href"] == "/books"
    assert client.post("/books/7/reviews", {"rating": 5}).status_code == 404


def test_a_problem_is_xml_for_who_reads_xml(client):
    answer = client.get("/books?limit=x&nope=\x01", accept="application/xml")
    assert answer.headers["content-type"] == "application/problem+xml"
    root = ET.fromstring(answer.content)
    assert root.tag == "{urn:ietf:rfc:7807}problem"
    assert root.findtext("{*}status") == "400"
    assert [each.findtext("{*}parameter") for each in root.findall("{*}errors/{*}i")]
    assert root.find("{*}link[@rel='wm:corrected']").get("href") == "/books"


def test_not_acceptable_lists_what_there_is_before_anything_is_written(client):
    answer = client.post("/books", BOOK, accept="image/png")
    assert answer.status_code == 406
    assert "application/hal+json" in answer.json["available"]
    assert answer.json["_links"]["alternate"][1]["href"] == "/books.xml"
    assert client.get("/books").json["total"] == 0


@pytest.mark.parametrize("suffix", [".csv", ".ndjson"])
def test_a_suffix_of_a_format_that_is_not_there_is_406(client, suffix):
    a_book(client)
    assert client.get(f"/books/1{suffix}").status_code == 406


def test_the_way_out_of_a_stale_edit_is_the_newest_version(client):
    a_book(client)
    answer = client.put("/books/1", BOOK, if_match='"999-json"')
    assert answer.json["_links"]["latest-version"]["href"] == "/books/1"


def test_a_wrong_query_links_to_a_right_one(client):
    a_book(client)
    answer = client.get("/books?limt=5&sort=titel&author=Herman%20Melville")
    corrected = client.get(answer.json["_links"]["wm:corrected"]["href"])
    assert corrected.status_code == 200
    assert corrected.json["total"] == 1


def test_a_query_on_something_that_has_none_is_400(client):
    answer = client.get("/rels/books?x=1")
    assert answer.json["errors"][0]["parameter"] == "x"
    assert client.get(answer.json["_links"]["wm:corrected"]["href"]).status_code == 200
    assert client.get("/?x=1", prefer="handling=lenient").status_code == 200


def test_a_request_without_a_host_is_400(client):
    answer = client.simulate_request("GET", "/", extras={"headers": []})
    assert answer.status_code == 400
    assert "Host" in answer.json["detail"]


@pytest.mark.parametrize("method", ["FOO", "TRACE", "PROPFIND"])
def test_a_method_that_nothing_has_is_405(client, method):
    answer = client.simulate_request(method, "/books")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert client.simulate_request(method, "/nowhere").status_code == 404


def test_a_problem_of_a_page_is_a_page(client):
    answer = client.get("/docs?x=1", accept="text/html")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_long_query_is_414_and_long_headers_are_431(client):
    assert client.get("/books?q=" + "x" * 2100).status_code == 414
    assert client.get("/" + "x" * 9000).status_code == 414
    assert client.get("/", x_filler="x" * 17_000).status_code == 431


def test_a_crash_tells_nothing_but_its_number(settings, caplog):
    class Broken(Resource):
        async def on_get(self, _req, _resp):
            raise ZeroDivisionError("SELECT secret FROM /etc/passwd")

    app = create_app(settings)
    app.add_route("/broken", Broken(None))
    answer = super(Client, Client(app)).simulate_request(
        "GET", "/broken", host="localhost"
    )
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "ZeroDivisionError" in caplog.text
    assert answer.json["type"] == "/problems/internal-error"


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_coded_body_is_415(client, coding):
    answer = client.post("/books", BOOK, content_encoding=coding)
    assert answer.status_code == 415


def test_an_absolute_request_target_is_read_as_its_path(client):
    a_book(client)
    target = {"path": "http://localhost:80/books/1"}
    answer = client.simulate_request("GET", "/", extras=target)
    assert answer.json["_links"]["self"]["href"] == "/books/1"
    root = client.simulate_request("GET", "/", extras={"path": "http://localhost"})
    assert root.json == client.get("/").json
    other = {"path": "http://evil.example/books/1"}
    assert client.simulate_request("GET", "/", extras=other).status_code == 421


def test_the_same_error_is_told_the_same_way_but_for_its_instance(client):
    first, again = client.get("/nope").json, client.get("/nope").json
    assert first.pop("instance") != again.pop("instance")
    assert first == again


def test_what_does_not_exist_is_404_in_whatever_format(client):
    assert client.get("/nope.csv").status_code == 404
    assert client.get("/nope", accept="image/png").status_code == 404


def test_a_condition_on_nothing_links_to_nothing(client):
    answer = client.put("/items/none", {"value": 1}, if_match="*")
    assert answer.status_code == 412
    assert "_links" not in answer.json


def test_own_relations_of_a_problem_have_their_curie(client):
    links = client.get("/nope").json["_links"]
    assert links["curies"][0]["href"] == "/rels/{rel}"


def test_deletions_and_options_tell_what_they_vary_by(client):
    a_book(client)
    assert client.simulate_options("/books").headers["vary"] == "Accept"
    gone = client.delete("/books/1")
    assert gone.headers["vary"] == "Accept"
    assert gone.headers["cache-control"] == "private, no-cache"


def test_the_root_has_no_other_formats_to_link_to(client):
    answer = client.get("/", accept="image/png")
    assert answer.status_code == 406
    assert "_links" not in answer.json


def test_a_length_that_is_no_number_is_400(client):
    answer = client.send(
        "POST", "/tasks", b"{}", "application/json", content_length="x"
    )
    assert answer.status_code == 400


def test_an_empty_query_is_none(client):
    assert client.get("/?&").status_code == 200


@pytest.mark.parametrize(
    "prefix", ["/../shop", "/shop/.", "/shop/../..", "shop", "/" + "x" * 256]
)
def test_a_prefix_that_clients_would_resolve_or_that_is_too_long_is_none(
    mounted, prefix
):
    root = mounted.simulate_get("/", headers={"X-Forwarded-Prefix": prefix})
    assert root.json["_links"]["self"]["href"] == "/"


def test_who_has_no_address_is_no_proxy(mounted):
    told = {"X-Forwarded-Prefix": "/shop"}
    nobody = mounted.simulate_get("/", headers=told, extras={"client": None})
    assert (
        mounted.simulate_get("/", headers=told).json["_links"]["self"]["href"]
        == "/shop/"
    )
    assert nobody.json["_links"]["self"]["href"] == "/"


def test_a_statement_that_postgresql_does_not_understand_is_our_fault(
    postgresql, shared_database, module_settings, caplog
):
    settings = replace(module_settings, database_url=shared_database)
    client = TestClient(create_app(settings))
    with postgresql.connect("shop") as connection:
        connection.execute("ALTER TABLE items RENAME COLUMN value TO renamed")
        try:
            answers = [
                client.simulate_get("/items", host="localhost"),
                client.simulate_get("/items/a", host="localhost"),
                client.simulate_put("/items/a", json=VALUE, host="localhost"),
            ]
        finally:
            connection.execute("ALTER TABLE items RENAME COLUMN renamed TO value")
    assert [each.status_code for each in answers] == [500] * 3
    assert [each.exc_info is not None for each in caplog.records] == [True] * 3
    assert "UndefinedColumn" in caplog.text
    assert "renamed" not in "".join(each.text for each in answers)
