"""What of OWASP's API Security Top 10 (2023) no other test shows; see the table.

The table is in `docs/security.md`, which names every test that shows a part of it.
"""

import ast
import json
import socket
from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from api.app import create_app
from api.documents import KINDS
from api.roles import Caller, Role
from api.uris import PATHS
from tests.client import Client
from tests.shop import (
    CHANGEABLE,
    COLLECTED,
    a_book,
    a_draft,
    body_of,
    collection_path,
    href,
    lineitem,
    make,
    refetch,
    send_new,
)

ROOT = Path(__file__).parents[2]
FORM = "application/x-www-form-urlencoded"
WORD, MARK = "zanzibar", "quagga"
OWN, FOREIGN = "/customers/1", "/customers/2"


@pytest.fixture(scope="module")
def filled(module_settings):
    """A shop of two customers, each with an order; the second is WORD and MARK."""
    client = Client(create_app(module_settings))
    for word, mark in (("mine", "own"), (WORD, MARK)):
        person = {"name": word, "email": f"{word}@example.org"}
        more = {"city": word, "phone": mark, "street": mark}
        customer = client.post("/customers", {**person, **more}).json
        order = a_draft(client, customer)
        lineitem(client, order)
        client.patch(href(order), {"note": f"{word} {mark}"})
        client.put(f"{href(customer)}/configuration", {"currency": "CHF"})
        client.post("/users", {**person, "customer": customer["id"]})


@pytest.fixture
def asking(filled, settings, copy_of_module):
    """Makes clients of callers, all on the same shop."""
    copy_of_module()

    def client_of(role, name="eve", customer=1):
        async def told(_req):
            return Caller(Role(role), name, customer)

        return Client(create_app(replace(settings, auth="token"), told))

    return client_of


# API1: one's own and another's.


QUERIES = [
    "q=zanzibar",
    "name=zanzibar",
    "name.contains=zanz",
    "email=zanzibar@example.org",
    "city.in=zanzibar,mine",
    "city.ne=mine",
    "id=2",
    "id.gte=2",
    "sort=-id&limit=1",
    "sort=city,-id",
    "fields=name,phone",
    "fields=id",
    "embed=orders",
    "note=zanzibar",
    "note.contains=zanz",
    "customer=2",
    "customer.ne=1",
    "embed=lineitems&sort=-id",
    "fields=note",
]


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_in_any_format_shows_another_s(asking, query):
    client = asking("admin")
    for path in ("/customers", "/orders", f"{OWN}/orders"):
        for suffix in ("", ".xml", ".html", ".ndjson", ".csv"):
            answer = client.get(f"{path}{suffix}?{query}")
            assert answer.status_code in {200, 400}
            assert MARK not in answer.text
            assert FOREIGN not in answer.text
            assert "/orders/2" not in answer.text
        page = client.get(f"{path}?{query}")
        assert page.status_code == 400 or page.json["total"] <= 1
        rows = client.get(f"{path}.csv?{query}")
        assert rows.status_code == 400 or rows.text.count("\n") <= 2


@pytest.mark.parametrize("path", ["/customers", "/orders"])
def test_a_cursor_of_another_caller_leads_to_nothing_of_theirs(asking, path):
    everyone, bound = asking("admin", "cleo", None), asking("admin")
    cursors = set()
    for query in ("limit=1", "limit=1&sort=-id", "limit=1&sort=-created"):
        links = everyone.get(f"{path}?{query}").json["_links"]
        assert {"next", "last"} <= links.keys()
        cursors |= {links[rel]["href"].partition("?")[2] for rel in ("next", "last")}
    for query in cursors:
        answer = bound.get(f"{path}?{query}")
        assert answer.status_code in {200, 400}
        assert FOREIGN not in answer.text
        assert WORD not in answer.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [FOREIGN, "/orders/2", "/orders/2/lineitems/1", f"{FOREIGN}/configuration"],
)
def test_no_condition_tells_whether_another_s_exists(asking, path, method):
    everyone, bound = asking("admin", "cleo", None), asking("admin")
    etag = everyone.get(path).headers["etag"]
    before = everyone.get(path).json
    nowhere = path.replace("2", "99999", 1)
    conditions = [
        {"if_none_match": "*"},
        {"if_none_match": etag},
        {"if_none_match": etag.replace('-json"', '-json-admin-1"')},
        {"if_match": etag},
        {"if_match": "*"},
        {"if_modified_since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"if_unmodified_since": "Fri, 01 Jan 2100 00:00:00 GMT"},
    ]
    for fields in conditions:
        names = {name.replace("_", "-"): value for name, value in fields.items()}
        body = None if method in {"GET", "HEAD"} else "{}"
        answers = [
            bound.simulate_request(method, each, body=body, headers=names)
            for each in (path, nowhere)
        ]
        assert [each.status_code for each in answers] == [404, 404]
        assert answers[0].headers.keys() == answers[1].headers.keys()
    assert everyone.get(path).json == before


@pytest.mark.parametrize(
    "path",
    [
        f"{OWN}/orders/2",
        f"{OWN}/orders/2/lineitems",
        f"{OWN}/orders/2/lineitems/1",
        f"{OWN}/orders/2/placement",
        f"{FOREIGN}/orders/1",
        f"{FOREIGN}/orders/2",
        f"{FOREIGN}/orders/2/lineitems/1",
        f"{FOREIGN}/orders/2.json",
        f"{FOREIGN}/orders/2.csv",
        "/orders/2.html",
        "/customers/2.xml",
    ],
)
def test_no_second_uri_or_suffix_leads_to_another_s(asking, path):
    bound = asking("admin")
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = bound.simulate_request(method, path, body="{}")
        assert answer.status_code == 404
        assert WORD not in answer.text
    assert asking("admin", "cleo", None).get("/orders/2").json["status"] == "draft"


def test_one_s_own_second_uris_work(asking):
    for path in ("/orders/1", "/orders/1/lineitems", "/orders/1/lineitems/1"):
        assert asking("reader").get(OWN + path).status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_no_html_form_does_what_its_sender_may_not(asking, accept):
    bound, everyone = asking("editor"), asking("admin", "cleo", None)
    before = everyone.get(FOREIGN).json
    for path in (FOREIGN, "/orders/2", "/orders/2/placement", "/users/1", "/users"):
        for method in ("PUT", "PATCH", "DELETE", "POST"):
            form = {"_method": method, "_back": "/books", "_etag": "*", "name": "x"}
            answer = bound.send("POST", path, urlencode(form), FORM, accept=accept)
            assert answer.status_code == 404
            assert WORD not in answer.text
    assert everyone.get(FOREIGN).json == before
    assert everyone.get("/orders/2").json["status"] == "draft"


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y"]
)
def test_no_form_sends_a_browser_elsewhere(client, back):
    form = {"description": "x", "_back": back}
    answer = client.send("POST", "/tasks", urlencode(form), FORM, accept="text/html")
    assert answer.status_code in {201, 303}
    assert answer.headers["location"].startswith("/tasks/")
    assert "evil" not in str(answer.headers)


def test_a_key_of_another_caller_replays_nothing(asking):
    key, body = {"idempotency_key": "the-same"}, {"note": WORD}
    path = f"{OWN}/orders"
    first = asking("editor", "eve").post(path, body, **key)
    assert (
        asking("editor", "eve").post(path, body, **key).headers["idempotency-replayed"]
    )
    others = [
        asking("editor", "dan").post(path, body, **key),
        asking("editor", "eve", None).post(path, body, **key),
        asking("admin", "eve").post(path, body, **key),
    ]
    assert {each.status_code for each in [first, *others]} == {201}
    assert len({each.headers["location"] for each in [first, *others]}) == 4
    # A role that was taken away, or a customer who is not one's own any more.
    assert asking("reader", "eve").post(path, body, **key).status_code == 403
    moved = asking("editor", "eve", 2).post(path, body, **key)
    assert moved.status_code == 404
    assert WORD not in moved.text


# API3 and API5: members and functions that are not the caller's.


@pytest.mark.parametrize("role", ["reader", "editor", "admin"])
def test_who_is_bound_changes_neither_its_customer_nor_its_role(asking, role):
    everyone = asking("admin", "cleo", None)
    before = everyone.get("/users").json["_embedded"]
    attempt = {"name": "eve", "email": "e@example.org", "role": "admin", "customer": 2}
    bound = asking(role)
    for path in ("/users", "/users/1", "/users/2", "/users/1.html"):
        for method in ("POST", "PUT", "PATCH", "DELETE", "GET"):
            answer = bound.simulate_request(method, path, json=attempt)
            assert answer.status_code == 404, (method, path)
    assert everyone.get("/users").json["_embedded"] == before


@pytest.mark.parametrize("member", ["customer", "role", "id", "status", "total"])
def test_one_s_own_customer_and_orders_take_no_member_of_another_noun(asking, member):
    bound, everyone = asking("editor"), asking("admin", "cleo", None)
    customer = bound.get(OWN).json
    for path in (OWN, "/orders/1"):
        answer = bound.patch(path, {member: 2})
        if answer.status_code == 200:
            # What the server computes may be sent back, and is ignored.
            assert answer.json.get(member) == bound.get(path).json.get(member) != 2
    assert bound.post(f"{OWN}/orders", {"customer": 2}).status_code == 400
    assert bound.get(OWN).json == customer
    assert everyone.get(f"{FOREIGN}/orders").json["total"] == 1
    assert everyone.get("/orders/1").json["_links"]["wm:customer"]["href"] == OWN


FORGED = {
    "id": 4711,
    "version": 4711,
    "serial": 4711,
    "created": "2001-01-01T00:00:00Z",
    "updated": "2001-01-01T00:00:00Z",
    "role": "admin",
    "customer": 4711,
    "owner": 4711,
    "order": 4711,
    "status": "delivered",
    "total": "0.01",
    "unit_price": "0.01",
    "lines": 0,
    "taken": ["payment"],
    "by": "somebody else",
    "rating": 5,
    "reviews": 4711,
    "rating_sum": 4711,
    "email_folded": "x",
    "author_sort": "x",
    "digest": "x",
}
"""Members that some noun or some table has, and that are the server's elsewhere."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_noun_takes_members_that_are_the_server_s(client, kind):
    path, schema = collection_path(client, kind), kind.schema
    forged = {n: FORGED[n] for n in FORGED.keys() - schema.load_fields.keys()}
    computed = schema.owned - schema.fixed
    body = body_of(kind)
    if schema.load_fields.get(kind.model.key):
        body["id" if kind.name == "task" else "key"] = "own"
    refused = send_new(client, kind, path, {**body, **forged})
    assert refused.status_code == 400
    told = {each["pointer"][1:] for each in refused.json["errors"]}
    assert told >= forged.keys() - schema.owned
    ignored = {name: forged[name] for name in forged.keys() & computed}
    taken = send_new(client, kind, path, {**body, **ignored})
    assert taken.status_code in {200, 201}, taken.text
    for name, value in ignored.items():
        assert taken.json[name] != value


@pytest.mark.parametrize("kind", CHANGEABLE, ids=lambda kind: kind.name)
def test_no_change_sets_a_member_that_is_the_server_s(client, kind):
    made = refetch(client, make(client, kind).json)
    path = href(made)
    patches = [
        ("application/merge-patch+json", lambda name, value: {name: value}),
        (
            "application/json-patch+json",
            lambda name, value: [{"op": "add", "path": f"/{name}", "value": value}],
        ),
    ]
    for member in FORGED.keys() - kind.schema.load_fields.keys():
        for media_type, patch in patches:
            body = json.dumps(patch(member, FORGED[member]))
            answer = client.send("PATCH", path, body, media_type)
            assert answer.status_code in {200, 400}
            if answer.status_code == 200:
                assert member in kind.schema.owned, member
    assert client.get(path).json == made


def test_the_role_of_a_token_is_no_matter_of_any_request(asking):
    client = asking("editor", "eve", None)
    for fields in (
        {"x_role": "admin", "x_user": "cleo", "x_forwarded_user": "cleo"},
        {"x_http_method_override": "DELETE", "x_original_url": "/users"},
        {"cookie": "role=admin", "x_rewrite_url": "/users"},
    ):
        assert client.get("/users", **fields).status_code == 403
        assert client.get("/books", **fields).status_code == 200
        assert client.get("/books", **fields).json["_links"]["self"]["href"] == "/books"


# API4: what a request may cost.


def test_limits_hold_exactly(client):
    def put(body):
        return client.send("PUT", "/items/a", body, "application/json").status_code

    def nested(depth):
        return f'{{"value": {"[" * (depth - 1)}{"]" * (depth - 1)}}}'

    depths = (31, 32, 33, 10_000)
    assert [put(nested(each)) for each in depths] == [201, 200, 400, 400]
    mebibyte = 1024 * 1024
    padded = [b'{"value": 1}'.ljust(size) for size in (mebibyte, mebibyte + 1)]
    assert [put(each) for each in padded] == [200, 413]
    queries = ["q=" + "x" * (size - 2) for size in (2048, 2049)]
    assert [client.get(f"/books?{each}").status_code for each in queries] == [200, 414]


@pytest.mark.parametrize("kind", COLLECTED, ids=lambda kind: kind.name)
def test_no_page_has_more_than_200_members(client, kind):
    path = collection_path(client, kind).replace("/customers/1/orders", "/orders")
    assert client.get(f"{path}?limit=200").status_code == 200
    for limit in ("201", "999999999", "0", "-1", "1e3"):
        assert client.get(f"{path}?limit={limit}").status_code == 400
        lenient = {"prefer": "handling=lenient"}
        assert client.get(f"{path}?limit={limit}", **lenient).status_code == 400


def test_what_is_embedded_is_bounded_too(client):
    book = a_book(client)
    for _ in range(22):
        client.post(href(book, "wm:reviews"), {"rating": 5})
    page = client.get("/books?embed=reviews").json["_embedded"]["item"][0]
    inside = page["_embedded"]["wm:reviews"]
    assert len(inside["_embedded"]["item"]) == 20
    assert "next" in inside["_links"]


# API7 and API10: nothing is fetched because a request says so.

FETCHING = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "urllib.request",
    "urllib3",
    "xmlrpc",
}
FETCHERS = {"api/authentication/issuer_keys.py"}
"""The issuer's keys are fetched from where the operator says."""


def test_only_the_issuer_s_keys_are_fetched_by_the_service():
    found = set()
    for folder in ("api", "schemas"):
        for path in (ROOT / folder).rglob("*.py"):
            for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
                if name in FETCHING:
                    found.add(str(path.relative_to(ROOT)))
    assert found <= FETCHERS


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.fixture
def cut_off(monkeypatch):
    """No connection to anywhere can be made; the attempts."""
    attempts = []

    def refuse(*args):
        attempts.append(args)
        raise ConnectionRefusedError

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return attempts


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_url_in_a_request_is_followed(client, kind, cut_off):
    url = "http://169.254.169.254/latest/meta-data"
    path = collection_path(client, kind)
    for name in kind.schema.load_fields:
        client.post(path, {**body_of(kind), name: url})
        client.put(path, {**body_of(kind), name: url})
    links = {"_links": {"self": {"href": url}}, "$ref": url}
    client.post(path, links)
    client.get("/", x_forwarded_host="169.254.169.254", referer=url)
    client.send("POST", path, f'<!DOCTYPE a SYSTEM "{url}"><a/>', "application/xml")
    client.get(f"{path}?{urlencode({'q': url, 'callback': url})}")
    assert cut_off == []


# API8: what a header can't do.


def test_a_forged_proxy_changes_no_link(client):
    told = {
        "x_forwarded_host": "evil.example",
        "x_forwarded_proto": "https",
        "x_forwarded_prefix": "/evil",
        "forwarded": "host=evil.example",
        "x_original_host": "evil.example",
    }
    answer = client.get("/", **told)
    assert "evil" not in answer.text + str(answer.headers)


def test_a_credential_in_a_query_or_a_form_is_none(settings):
    client = Client(create_app(replace(settings, auth="token")))
    name = "access_token"
    assert client.get(f"/books?{name}=x").status_code == 401
    form = urlencode({name: "x", "title": "t", "author": "a"})
    assert client.send("POST", "/books", form, FORM).status_code == 401
    body = {name: "x", "title": "t", "author": "a"}
    assert client.post("/books", body).status_code == 401
    basic = urlsafe_b64encode(b"ada:secret").decode()
    assert client.get("/books", authorization=f"Basic {basic}").status_code == 401


# API9: nothing is served that is not told.


def test_every_route_is_in_the_description_and_every_described_path_is_routed(settings):
    app = create_app(settings)
    told = set(Client(app).get("/openapi.json").json["paths"])
    routed = set(routes_of(app))
    assert routed
    assert told == routed
    assert set(PATHS.values()) <= routed


def routes_of(app):
    """Every route that the router knows."""
    waiting = list(app._router._roots)  # noqa: SLF001 - Falcon tells them nowhere else
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if node.resource is not None:
            yield node.uri_template
