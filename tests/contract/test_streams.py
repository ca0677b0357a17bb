"""Whole collections as NDJSON and CSV: what is in them, and what they are called."""

import csv
import io
import json
import sqlite3
from contextlib import closing

import pytest

from api.app import create_app
from api.documents import KINDS
from tests.client import Client
from tests.shop import (
    COLLECTED,
    a_book,
    a_customer,
    a_draft,
    collection_path,
    href,
    lineitem,
    make,
)

TITLES = ["Zoo", "alpha", "Émile", "=beta", "Alpha"]
BOTH = pytest.mark.parametrize("suffix", [".ndjson", ".csv"])


@pytest.fixture
def shelf(client):
    for place, title in enumerate(TITLES):
        published = None if place % 2 else 1900 + place
        a_book(client, title=title, published=published, subjects=["Sea", "Ships"])
    return client


@pytest.fixture(scope="module")
def crowd(module_settings):
    """A client of so many and so large books that a stream of all has several parts."""
    client = Client(create_app(module_settings))
    for place in range(70):
        a_book(
            client,
            title=TITLES[place % 5],
            published=(None, 1900, 1901)[place % 3],
            language=("en", "de", None)[place % 3],
            description="sea " * 3_000,
        )
    return client


def lines_of(answer):
    """The rows of NDJSON, and its last line."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.text.endswith("\n")
    *rows, last = [json.loads(line) for line in answer.text.splitlines()]
    assert last["count"] == len(rows)
    return rows, last


def records_of(answer):
    """The records of a CSV by the names in its header."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


def items_of(client, path):
    """The state of every member, as the pages of HAL tell it."""
    found = []
    while path is not None:
        page = client.get(path).json
        found += page["_embedded"]["item"]
        path = page["_links"].get("next", {}).get("href")
    return [
        {name: each[name] for name in each if not name.startswith("_")}
        for each in found
    ]


def cell(value):
    """A value as its cell reads."""
    if isinstance(value, bool | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = "" if value is None else str(value)
    return "'" + text if text.startswith("=") else text


@pytest.mark.parametrize("kind", COLLECTED, ids=lambda kind: kind.name)
def test_a_stream_tells_what_the_pages_tell(client, kind):
    path = collection_path(client, kind)
    for _ in range(3):
        make(client, kind, path)
    path = path if kind.name != "order" else "/orders"
    states = items_of(client, path)
    rows, _ = lines_of(client.get(f"{path}.ndjson"))
    records = records_of(client.get(f"{path}.csv"))
    assert len(states) >= 3
    assert [{**row, "_links": 0} for row in rows] == [
        {**each, "_links": 0} for each in states
    ]
    free = {name for name, each in kind.shape.members.items() if each.name == "FREE"}
    for record, state in zip(records, states, strict=True):
        assert {
            name: json.loads(text) if name in free else text
            for name, text in record.items()
        } == {
            name: state[name] if name in free else cell(state[name]) for name in state
        }


@pytest.mark.parametrize(
    "query",
    [
        "",
        "title=alpha",
        "published.gte=1902&sort=-title",
        "sort=published,-title",
        "sort=-published",
        "language.in=en,de",
        "q=sea",
        "q=sea&sort=title",
        "q=nothing",
        "fields=title",
        "fields=title&title.ne=Zoo",
    ],
)
def test_a_stream_is_filtered_sorted_and_sparse_as_pages_are(crowd, query):
    states = items_of(crowd, f"/books?{query}&limit=200")
    rows, _ = lines_of(crowd.get(f"/books.ndjson?{query}"))
    records = records_of(crowd.get(f"/books.csv?{query}"))
    assert [{**row, "_links": 0} for row in rows] == [
        {**each, "_links": 0} for each in states
    ]
    assert [each["title"] for each in records] == [
        cell(each["title"]) for each in states
    ]


def test_each_line_leads_to_its_member_and_the_last_to_the_collection(shelf):
    rows, last = lines_of(shelf.get("/books.ndjson?fields=title&title.ne=Zoo"))
    assert rows[0] == {
        "_links": {"self": {"href": "/books/2"}},
        "id": 2,
        "title": "alpha",
    }
    assert last["_links"]["self"]["href"] == "/books?fields=title&title.ne=Zoo"
    assert "id" not in last


def test_a_limit_caps_a_stream_and_the_end_tells_where_it_goes_on(shelf):
    answer = shelf.get("/books.ndjson?limit=2&sort=title")
    rows, last = lines_of(answer)
    following = last["_links"]["next"]["href"]
    assert [row["title"] for row in rows] == ["=beta", "alpha"]
    assert f'<{following}>; rel="next"' in answer.headers["link"]
    rows, _ = lines_of(shelf.get(following, accept="application/x-ndjson"))
    assert [row["title"] for row in rows] == ["Alpha", "Émile"]


@BOTH
@pytest.mark.parametrize("limit", ["0", "201"])
def test_a_limit_is_bounded_as_for_pages(client, suffix, limit):
    assert client.get(f"/books{suffix}?limit={limit}").status_code == 400


@pytest.mark.parametrize("sort", ["", "&sort=title", "&sort=-published,title"])
def test_a_cursor_starts_a_stream(crowd, sort):
    page = crowd.get(f"/books?limit=2{sort}").json
    cursor = href(page, "next").partition("cursor=")[2]
    rows, _ = lines_of(crowd.get(f"/books.ndjson?cursor={cursor}{sort}"))
    states = items_of(crowd, f"/books?limit=200{sort}")
    assert [row["id"] for row in rows] == [each["id"] for each in states[2:]]


def test_a_cursor_that_leads_backward_gives_the_page_before(shelf):
    last = shelf.get(href(shelf.get("/books?limit=2").json, "last")).json
    cursor = href(last, "prev").partition("cursor=")[2]
    rows, _ = lines_of(shelf.get(f"/books.ndjson?cursor={cursor}"))
    assert [row["id"] for row in rows] == [1, 2, 3]


def test_the_stream_of_a_page_holds_what_the_page_holds(shelf):
    for rel in ("first", "next", "last"):
        page = shelf.get(href(shelf.get("/books?limit=2").json, rel)).json
        for link in page["_links"]["alternate"]:
            answer = shelf.get(link["href"])
            assert answer.headers["content-type"].startswith(link["type"])
            if link["type"] == "application/x-ndjson":
                rows, _ = lines_of(answer)
                assert [row["id"] for row in rows] == [
                    each["id"] for each in page["_embedded"]["item"]
                ]


@BOTH
def test_nothing_is_embedded_in_a_stream(shelf, suffix):
    answer = shelf.get(f"/books{suffix}?embed=reviews&title=Zoo")
    assert answer.status_code == 400
    assert answer.json["errors"][0]["parameter"] == "embed"
    assert answer.json["_links"]["wm:corrected"]["href"] == "/books?title=Zoo"
    lenient = shelf.get(f"/books{suffix}?embed=reviews", prefer="handling=lenient")
    assert lenient.status_code == 200
    assert "embed" not in lenient.headers["link"]


def test_a_page_with_embedded_documents_has_no_stream_beside_it(shelf):
    links = shelf.get("/books?embed=reviews").json["_links"]["alternate"]
    assert {link["type"] for link in links}.isdisjoint(
        {"text/csv", "application/x-ndjson"}
    )


def test_line_items_stand_in_a_stream_of_their_own(client):
    customer = a_customer(client)
    order = a_draft(client, customer)
    line = lineitem(client, order, quantity=3)
    lineitem(client, a_draft(client))
    orders, last = lines_of(client.get(f"{href(customer, 'wm:orders')}.ndjson"))
    assert [row["id"] for row in orders] == [order["id"]]
    assert "_embedded" not in orders[0]
    assert "_embedded" not in last
    path = f"{href(customer)}/orders/{order['id']}/lineitems.csv"
    answer = client.get(path)
    assert answer.headers["content-location"] == f"/orders/{order['id']}/lineitems.csv"
    assert [each["quantity"] for each in records_of(answer)] == ["3"]
    assert lines_of(client.get(href(order, "wm:lineitems") + ".ndjson"))[0][0][
        "_links"
    ] == {"self": {"href": href(line)}}


@BOTH
@pytest.mark.parametrize("query", ["", "?limit=2"])
def test_a_stream_is_called_what_a_page_is_called(shelf, suffix, query):
    page = shelf.get(f"/books{query}")
    answer = shelf.get(f"/books{suffix}{query}")
    for name in ("vary", "cache-control", "last-modified"):
        assert answer.headers[name] == page.headers[name]
    assert answer.headers["content-location"] == f"/books{suffix}{query}"
    assert answer.headers["etag"].endswith(f'-{suffix[1:]}"')


@BOTH
@pytest.mark.parametrize("query", ["", "?limit=2", "?q=sea", "?sort=title"])
@pytest.mark.parametrize("size", ["shelf", "crowd"])
def test_head_is_get_without_a_body(request, size, suffix, query):
    client = request.getfixturevalue(size)
    got = client.get(f"/books{suffix}{query}")
    asked = client.simulate_head(f"/books{suffix}{query}")
    assert asked.status_code == 200
    assert asked.headers == got.headers
    assert asked.content == b""


@BOTH
def test_a_stream_that_stands_unchanged_is_304(shelf, suffix):
    first = shelf.get(f"/books{suffix}?sort=title")
    held = {"if_none_match": first.headers["etag"]}
    again = shelf.get(f"/books{suffix}?sort=title", **held)
    assert again.status_code == 304
    assert again.headers["content-location"] == f"/books{suffix}?sort=title"
    shelf.patch("/books/1", {"pages": 5})
    assert shelf.get(f"/books{suffix}?sort=title", **held).status_code == 200


def test_a_short_stream_tells_its_length_and_a_long_one_does_not(crowd):
    assert "content-length" in crowd.get("/books.csv?fields=title").headers
    assert "content-length" not in crowd.get("/books.csv").headers


@pytest.mark.parametrize("media_type", ["text/csv", "application/x-ndjson"])
def test_streams_are_negotiated_for_collections_alone(shelf, media_type):
    found = shelf.get("/books", accept=f"{media_type}, application/xml;q=0.5")
    assert found.headers["content-type"].startswith(media_type)
    for path in ("/books/1", "/", "/configuration"):
        answer = shelf.get(path, accept=media_type)
        assert answer.status_code == 406
        assert media_type not in answer.json["available"]
    assert shelf.post("/books", {}, accept=media_type).status_code == 406


@BOTH
def test_a_member_and_a_post_have_no_stream(shelf, suffix):
    assert shelf.get(f"/books/1{suffix}").status_code == 406
    assert shelf.post(f"/books{suffix}", {"title": "a"}).status_code == 406


@BOTH
def test_a_stream_can_be_asked_for_its_methods(client, suffix):
    assert client.simulate_options(f"/books{suffix}").status_code == 204
    assert client.simulate_options(f"/books/1{suffix}").status_code == 406


def test_a_406_of_a_collection_names_the_streams(client):
    available = client.get("/books", accept="image/png").json["available"]
    assert {"text/csv", "application/x-ndjson"} <= set(available)


@BOTH
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/books/9/reviews", 404),
        ("/customers/9/orders", 404),
        ("/books?x=1", 400),
        ("/books?cursor=x", 400),
    ],
)
def test_a_stream_that_can_not_begin_is_a_problem_in_json(client, suffix, path, status):
    name, mark, query = path.partition("?")
    answer = client.get(f"{name}{suffix}{mark}{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.sqlite_only  # PostgreSQL's are shared, and this one breaks
@BOTH
def test_a_database_that_fails_before_the_first_row_is_a_problem(
    shelf, settings, suffix
):
    path = settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE reviews")
    answer = shelf.get(f"/books/1/reviews{suffix}")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"


def test_streams_keep_the_mount_prefix(mounted):
    a_book(mounted)
    rows, last = lines_of(mounted.get("/books.ndjson", x_forwarded_prefix="/shop"))
    assert rows[0]["_links"]["self"]["href"] == "/shop/books/1"
    assert last["_links"]["self"]["href"] == "/shop/books"


def test_every_collection_offers_its_streams(client):
    for kind in KINDS:
        if not kind.is_single and kind.parent is None:
            links = client.get(f"/{kind.plural}").json["_links"]["alternate"]
            types = {link["type"]: link["href"] for link in links}
            assert types["text/csv"] == f"/{kind.plural}.csv"
            assert types["application/x-ndjson"] == f"/{kind.plural}.ndjson"
