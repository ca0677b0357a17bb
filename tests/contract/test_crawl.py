"""A client that follows every link from the root finds no dead one."""

import json
from collections import deque
from dataclasses import replace
from ipaddress import ip_network

import pytest
import uritemplate

from api.app import create_app
from api.documents import KINDS
from api.documents.step import STEPS
from api.formats import FORMATS
from api.hypermedia.relations import EXTENSIONS
from tests.client import SEVERAL, Client
from tests.shop import COLLECTED, SINGLE, kind_named, make

VALUES = {"id": "1", "key": "crawled", "rel": "books", "q": "some"}


@pytest.fixture(scope="module")
def shop(module_settings):
    """A shop in which there is one of each noun, and an item of a known key."""
    client = Client(create_app(module_settings))
    for kind in KINDS:
        make(client, kind)
    make(client, kind_named("item"), key="crawled")
    make(client, kind_named("task"), id="1")
    return client


@pytest.fixture(scope="module")
def seen(shop):
    """Every answer that the crawl finds, by its path."""
    return crawl(shop)


@pytest.fixture(scope="module")
def documents(seen):
    """Every document that the crawl finds, by its path."""
    return {
        path: answer
        for path, answer in seen.items()
        if is_json(answer) and answer.status_code == 200
    }


def hrefs_in(value):
    """Every href of a JSON document; templates are filled in."""
    if isinstance(value, dict):
        if isinstance(value.get("href"), str):
            template = value["href"]
            yield (
                uritemplate.expand(template, VALUES)
                if value.get("templated")
                else template
            )
        for each in value.values():
            yield from hrefs_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from hrefs_in(each)


def is_json(answer):
    """Whether the answer is a document of ours in JSON, or a problem."""
    media_types = ("application/hal+json", "application/problem+json")
    return answer.headers["content-type"] in media_types


def crawl(client, start="/"):
    waiting, seen = deque([start]), {}
    while waiting:
        path = waiting.popleft()
        if path in seen:
            continue
        answer = seen[path] = client.get(path)
        if is_json(answer):
            waiting.extend(hrefs_in(answer.json))
    return seen


def test_every_href_answers(shop, seen):
    assert len(seen) > 100
    assert all(answer.status_code in (200, 404) for answer in seen.values())
    missing = [path for path, answer in seen.items() if answer.status_code == 404]
    # A step that may happen next is the one link whose target is not there yet.
    assert {path.rpartition("/")[2] for path in missing} <= {
        each.name for each in STEPS
    }
    for path in missing:
        assert shop.simulate_options(path).headers["allow"] == "GET, HEAD, PUT, OPTIONS"


def test_the_crawl_meets_every_noun(seen):
    for kind in COLLECTED:
        assert any(f"/{kind.plural}/" in path for path in seen), kind.name
    for kind in SINGLE:
        assert any(path.endswith(f"/{kind.rel or kind.name}") for path in seen), (
            kind.name
        )


def test_self_leads_to_the_same_document(shop, documents):
    for path, answer in documents.items():
        again = shop.get(answer.json["_links"]["self"]["href"]).json
        assert {**again, "_links": 0} == {**answer.json, "_links": 0} or "?" in path


def test_every_wm_relation_is_described_and_its_curie_stands_beside_it(seen):
    for answer in seen.values():
        if is_json(answer):
            for document in documents_in(answer.json):
                links = document.get("_links", {})
                own = [rel for rel in links if rel.startswith("wm:")]
                assert not own or links["curies"][0]["name"] == "wm"
                assert all(rel.removeprefix("wm:") in EXTENSIONS for rel in own)


def test_a_relation_is_always_a_list_or_never(seen):
    for answer in seen.values():
        if is_json(answer):
            for document in documents_in(answer.json):
                for part in ("_links", "_embedded"):
                    for rel, target in document.get(part, {}).items():
                        assert isinstance(target, list) == (rel in SEVERAL), rel


def documents_in(document):
    yield document
    for embedded in document.get("_embedded", {}).values():
        for each in embedded if isinstance(embedded, list) else [embedded]:
            yield from documents_in(each)


def test_every_extension_relation_has_a_description(client):
    for slug, relation in EXTENSIONS.items():
        described = client.get(f"/rels/{slug}")
        assert described.json["name"] == relation.name


def test_the_link_header_holds_the_links_of_the_body(documents):
    for path, answer in documents.items():
        wanted = set()
        for rel, target in answer.json["_links"].items():
            for link in target if isinstance(target, list) else [target]:
                if not link.get("templated"):
                    wanted.add((rel, link["href"]))
        assert links_of(answer) == wanted, path


def links_of(answer):
    found = set()
    for part in answer.headers["link"].split(", "):
        href, _, rest = part.partition(">; rel=")
        found.add((rest.split(";")[0].strip('"'), href.removeprefix("<")))
    return found


def test_links_carry_the_mount_prefix_of_a_trusted_proxy(mounted):
    answer = mounted.get("/", x_forwarded_prefix="/shop/")
    hrefs = list(hrefs_in(answer.json))
    assert all(href.startswith("/shop/") for href in hrefs)
    assert (
        mounted.get("/books", x_forwarded_prefix="/shop")
        .headers["content-location"]
        .startswith("/shop/books")
    )


def test_a_forged_prefix_is_not_believed(client, settings):
    elsewhere = replace(settings, trusted_proxies=(ip_network("203.0.113.0/24"),))
    stranger = Client(create_app(elsewhere), client_address="192.0.2.1")
    assert stranger.get("/", x_forwarded_prefix="/evil").json == client.get("/").json
    assert client.get("/", x_forwarded_prefix="/evil").json == client.get("/").json


@pytest.mark.parametrize(
    "prefix",
    ["//evil.example", "evil", "/a\x80", "", '/a"b', "/a b", "/{x}", "/a?b", "/a,b"],
)
def test_a_prefix_that_is_no_path_is_not_taken(mounted, prefix):
    assert (
        mounted.get("/", x_forwarded_prefix=prefix).json["_links"]["self"]["href"]
        == "/"
    )


@pytest.mark.parametrize(
    "written", [each for each in FORMATS if each.suffix], ids=lambda each: each.name
)
def test_each_format_has_a_suffix_that_gets_it(shop, written):
    for path in ("/books", "/books/1", "/items/crawled", "/rels/books"):
        answer = shop.get(path + written.suffix)
        media_type = written.media_types[0] + written.parameters
        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-location"] == path + written.suffix


def test_the_root_has_one_search_with_one_variable(client):
    search = client.get("/").json["_links"]["search"]
    assert search == {"href": "/books{?q}", "templated": True}


def test_the_root_names_every_collection(client):
    links = client.get("/").json["_links"]
    for kind in COLLECTED:
        if kind.stands_alone:
            assert links[kind.relation]["href"] == f"/{kind.plural}"
            assert links[kind.member_relation]["templated"]


def test_descriptions_can_be_kept_for_an_hour(client):
    for path in ("/", "/rels/books", "/problems/not-found"):
        answer = client.get(path)
        assert answer.headers["cache-control"] == "public, max-age=3600"
        again = client.get(path, if_none_match=answer.headers["etag"])
        assert again.status_code == 304


def test_documents_of_json_are_the_same_indented(client):
    plain = client.get("/")
    indented = client.get("/", accept="application/hal+json; indent=2")
    assert indented.text.startswith('{\n  "_links"')
    assert json.loads(indented.text) == plain.json
    assert indented.headers["etag"] != plain.headers["etag"]


def test_the_prefix_of_the_server_itself_is_taken_off_and_put_on(client):
    at = {"root_path": "/shop"}
    inside = client.simulate_get("/shop/tasks", extras=at)
    root = client.simulate_get("/shop", extras=at)
    assert inside.json["_links"]["self"]["href"] == "/shop/tasks"
    assert root.json["_links"]["wm:tasks"]["href"] == "/shop/tasks"


@pytest.mark.parametrize("path", ["//books", "///books", "//evil.example/books", "//"])
def test_no_path_begins_with_two_slashes(client, path):
    answer = client.simulate_request("GET", "/", extras={"path": path})
    assert answer.status_code == 404
    assert path not in str(list(hrefs_in(answer.json)))
