"""What the service says about itself is well-formed, found by links, and so."""

import json
import re

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import __version__
from api.descriptions.service import FILES
from api.documents import KINDS
from api.hypermedia.relations import EXTENSIONS
from api.uris import PATHS, SECOND_PATHS
from tests.architecture.test_house import ROOT
from tests.contract.test_crawl import documents, documents_in, seen, shop
from tests.recorder import recorder
from tests.shop import a_book, body_of, kind_named, make

__all__ = ["documents", "seen", "shop"]
JSON_SCHEMA = "application/schema+json"
NAMES = sorted(
    recorder().description["components"]["parameters"]["key-schema"]["schema"]["enum"]
)
FIXED = ["/openapi.json", "/docs", "/.well-known/api-catalog", "/schemas/book"]
FIXED += ["/docs/swagger-ui.css", "/docs/start.js", "/rels/books", "/problems/in-use"]


def schema_at(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert answer.headers["content-type"] == JSON_SCHEMA
    return answer.json


class Validators:
    """Gives the validator of what describes a document."""

    def __init__(self, client):
        self._client, self.found = client, {}

    def __call__(self, document):
        where = document["_links"]["describedby"]["href"]
        if where not in self.found:
            schema = schema_at(self._client, where)
            self.found[where] = jsonschema_rs.Draft202012Validator(schema)
        return self.found[where]


@pytest.fixture(scope="module")
def validators(shop):
    return Validators(shop)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_of_the_dialect_it_names_and_fits_its_examples(client, name):
    schema = schema_at(client, f"/schemas/{name}")
    assert schema["$id"] == f"/schemas/{name}"
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)
    for example in schema.get("examples", []):
        Draft202012Validator(schema).validate(example)


def test_every_document_fits_the_schema_that_describes_it(documents, validators):
    count = 0
    for answer in documents.values():
        for document in documents_in(answer.json):
            count += 1
            validators(document).validate(document)
    assert count > 300
    assert len(validators.found) > len(KINDS)


def test_hal_forms_fit_the_same_schemas(shop, documents, validators):
    for path in documents:
        told = shop.get(path, accept="application/prs.hal-forms+json").json
        validators(told).validate(told)


def test_a_document_with_some_members_says_so(client):
    path = a_book(client)["_links"]["self"]["href"]
    document = client.get(f"{path}?fields=title").json
    where = document["_links"]["describedby"]["href"]
    assert where == "/schemas/book-excerpt"
    Draft202012Validator(schema_at(client, where)).validate(document)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_the_service_takes_and_refuses_its_schema_does_too(client, kind):
    schema = schema_at(client, f"/schemas/{kind.slug}-input")
    validator = Draft202012Validator(schema)
    validator.validate(body_of(kind))
    assert not validator.is_valid([])
    assert not validator.is_valid({**body_of(kind), "unknown": 1})
    for name in schema.get("required", []):
        some = {each: value for each, value in body_of(kind).items() if each != name}
        assert not validator.is_valid(some)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        pytest.param("title", "", id="too short"),
        pytest.param("title", "x" * 1001, id="too long"),
        pytest.param("title", "\x07", id="control character"),
        pytest.param("title", None, id="null"),
        pytest.param("title", 1, id="no text"),
        pytest.param("published", 10_000, id="too large"),
        pytest.param("published", "1984", id="no number"),
        pytest.param("isbn", "123", id="no ISBN"),
        pytest.param("language", "Klingon!", id="no language tag"),
        pytest.param("subjects", ["a"] * 2, id="twice"),
        pytest.param("subjects", [str(each) for each in range(201)], id="too many"),
    ],
)
def test_the_schema_knows_the_limits_that_the_service_has(client, name, wrong):
    body = {**body_of(kind_named("book")), name: wrong}
    schema = schema_at(client, "/schemas/book-input")
    assert not Draft202012Validator(schema).is_valid(body)
    assert client.post("/books", body).status_code == 400


def test_no_schema_has_a_name_that_is_not_told(client):
    answer = client.get("/schemas/nothing")
    assert answer.status_code == 404
    assert client.get("/schemas/money").status_code == 404


def test_a_schema_can_be_had_as_plain_json_and_by_a_suffix(client):
    plain = client.get("/schemas/book", accept="application/json")
    assert plain.headers["content-type"] == "application/json"
    suffixed = client.get("/schemas/book.json")
    assert suffixed.headers["content-type"] == JSON_SCHEMA
    assert suffixed.headers["content-location"] == "/schemas/book.json"
    assert client.get("/schemas/book", accept="text/csv").status_code == 406


@pytest.mark.parametrize("path", FIXED)
def test_a_description_can_be_read_only_and_kept_for_an_hour(client, path):
    answer = client.get(path)
    assert answer.headers["cache-control"] == "public, max-age=3600"
    again = client.get(path, if_none_match=answer.headers["etag"])
    assert again.status_code == 304
    assert client.simulate_head(path).headers == answer.headers
    allowed = client.simulate_options(path).headers["allow"]
    assert allowed == "GET, HEAD, OPTIONS"
    assert client.post(path, {}).status_code == 405
    assert client.get(f"{path}?x=1").status_code == 400


def test_the_description_is_openapi_without_a_fault(client):
    answer = client.get("/openapi.json")
    assert answer.json["openapi"] == "3.1.1"
    assert answer.headers["content-type"] == (
        "application/vnd.oai.openapi+json; version=3.1"
    )
    assert list(OpenAPIV31SpecValidator(answer.json).iter_errors()) == []
    plain = client.get("/openapi.json", accept="application/json")
    assert plain.json == answer.json


def test_a_linter_s_rules_hold_for_the_description():
    told = recorder().description
    text = json.dumps(told)
    used = set(re.findall(r'"\$ref": "#/components/([^"]+)"', text))
    there = {
        f"{sort}/{name}" for sort, each in told["components"].items() for name in each
    }
    assert used == there
    operations = list(operations_of(told))
    names = [each["operationId"] for each in operations]
    assert len(set(names)) == len(names)
    tags = {each["name"] for each in told["tags"]}
    for each in operations:
        assert each["summary"]
        assert each["description"]
        assert set(each["tags"]) <= tags
        assert "default" in each["responses"]
        assert any(status.startswith("2") for status in each["responses"])
        assert any(status.startswith("4") for status in each["responses"])
    assert told["info"]["version"] == __version__
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()
    assert told["servers"]
    assert told["security"] == []


def operations_of(told):
    for item in told["paths"].values():
        yield from item.values()


def test_every_example_fits_its_schema():
    found = recorder()
    for place in ("responses", "requestBodies"):
        for told in found.description["components"][place].values():
            for content in told.get("content", {}).values():
                validator = found.validator(content["schema"])
                for example in content.get("examples", {}).values():
                    validator.validate(found.resolved(example)["value"])
    for parameter in found.description["components"]["parameters"].values():
        if "example" in parameter:
            found.validator(parameter["schema"]).validate(parameter["example"])


def test_the_description_stands_below_the_mount_prefix(mounted):
    told = mounted.get("/openapi.json", x_forwarded_prefix="/shop").json
    assert told["servers"][0]["url"] == "/shop"
    assert all(not path.startswith("/shop") for path in told["paths"])
    assert '"href": "/books' not in json.dumps(told)


def test_the_methods_told_are_those_that_there_are(client):
    make(client, kind_named("order"))
    for path, item in recorder().description["paths"].items():
        target = re.sub(r"\{\w+\}", "1", path)
        allowed = client.simulate_options(target).headers["allow"]
        assert set(allowed.lower().split(", ")) == item.keys(), path


def test_every_path_is_told():
    told = recorder().description["paths"].keys()
    assert told == {*PATHS.values(), *SECOND_PATHS.values()}


def test_the_root_leads_to_all_that_describes_the_service(client):
    links = client.get("/").json["_links"]
    assert links["describedby"] == {"href": "/schemas/root"}
    for rel, path in (
        ("service-desc", "/openapi.json"),
        ("service-doc", "/docs"),
        ("api-catalog", "/.well-known/api-catalog"),
    ):
        answer = client.get(path)
        assert links[rel]["href"] == path
        assert answer.headers["content-type"].startswith(links[rel]["type"])


def test_the_catalog_lists_the_service_and_what_describes_it(client):
    answer = client.get("/.well-known/api-catalog")
    assert answer.headers["content-type"] == (
        'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
    )
    items, about = answer.json["linkset"]
    assert items["item"] == [{"href": about["anchor"]}] == [{"href": "/"}]
    for rel in ("service-desc", "service-doc", "describedby"):
        assert client.get(about[rel][0]["href"]).status_code == 200
    head = client.simulate_head("/.well-known/api-catalog")
    assert '</.well-known/api-catalog>; rel="api-catalog"' in head.headers["link"]


def test_the_catalog_stands_at_the_root_of_the_host_below_a_mount_prefix_too(mounted):
    answer = mounted.get("/.well-known/api-catalog", x_forwarded_prefix="/shop")
    assert answer.json["linkset"][1]["anchor"] == "/shop/"
    assert '</.well-known/api-catalog>; rel="api-catalog"' in answer.headers["link"]


def test_the_page_for_people_lets_nothing_in_from_elsewhere(client):
    page = client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for path in re.findall(r'(?:src|href)="(/[^"]*)"', page.text):
        assert client.get(path).status_code == 200
    assert "://" not in page.text


def test_the_page_for_people_works_below_a_mount_prefix(mounted):
    page = mounted.get("/docs", x_forwarded_prefix="/shop")
    paths = re.findall(r'(?:src|href)="(/[^"]*)"', page.text)
    assert all(path.startswith("/shop/") for path in paths)


@pytest.mark.parametrize("name", FILES)
def test_files_of_pages_are_served_as_they_are(client, name):
    answer = client.get(PATHS[name])
    assert answer.content == FILES[name].read_bytes()
    assert answer.headers["content-type"] in (
        "text/javascript; charset=utf-8",
        "text/css; charset=utf-8",
    )


@pytest.mark.parametrize("slug", EXTENSIONS)
def test_a_relation_tells_the_methods_that_its_targets_have(shop, slug):
    told = shop.get(f"/rels/{slug}").json
    some = [each.split() for each in told["methods_of_some"]]
    for target in told["targets"]:
        path = re.sub(r"\{\w+\}", "1", target)
        allowed = shop.simulate_options(path).headers["allow"].split(", ")
        extra = [method for method, where in some if where == target]
        assert sorted(allowed) == sorted(told["methods"] + extra)
    assert told["targets"] or slug == "corrected"


def test_a_relation_with_two_targets_tells_what_only_one_does(client):
    told = client.get("/rels/orders").json
    assert told["targets"] == ["/customers/{customer}/orders", "/orders"]
    assert told["methods"] == ["GET", "HEAD", "OPTIONS"]
    assert told["methods_of_some"] == ["POST /customers/{customer}/orders"]
