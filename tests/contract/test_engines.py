"""The same requests to SQLite and to PostgreSQL get the same answers, byte by byte."""

import re
import shutil
from urllib.parse import quote

import pytest

from api.app import create_app
from api.documents import KINDS
from api.settings import Settings
from tests.client import Client
from tests.contract.test_crawl import crawl
from tests.shop import a_draft, a_product, isbn_13, kind_named, lineitem, make

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_REQUEST = re.compile(r"urn:uuid:[0-9a-f-]{36}")
_OF_THE_MOMENT = frozenset({"date", "last-modified", "x-request-id", "traceparent"})

TITLES = (
    "Emma",
    "emma",
    "Émile",
    "EMMA B",
    "Ärger",
    "Zoo",
    "zoo",
    "Война и мир",
    "war  peace",
    "Straße",
    "STRASSE",
    "İstanbul",
    "ﬁne",
    "한국",
    "日本 語",
    "🙂 smile",
    "a_b%c",
    "C++",
    "NEAR-by OR not",
    "1984",
    "x'y\"z",
    "e\u0301clair",
    "ǅungla",
    "Ω ohm",
    "\u00b2 squared",
)
SUBJECTS = ([], ["War", "Größe & Maß"], ["war stories", 'a "b", c'], ["été\\x", "x/y"])
QUERIES = [
    "title=Emma",
    "title.ne=Emma",
    "title.gt=a",
    "title.lte=Émile",
    "title.in=Zoo,zoo",
    "title.contains=EMMA",
    "title.contains=strasse",
    "title.contains=i",
    "title.contains=%25",
    "publisher.contains=e",
    "publisher.ne=b",
    "publisher.gt=B",
    "pages.gt=1.5",
    "pages=2.0",
    "pages.ne=1.5",
    "pages.in=1,2.5,3",
    "pages.lt=2.5",
    "pages.gte=9007199254740991",
    "rating.gt=4.45",
    "rating.lte=4.4",
    "rating=4.5",
    "subjects=War",
    "subjects.contains=e",
    "subjects.contains=WAR",
    "created.gt=2020-01-01",
    "created.lt=2020-01-01T00:00:00Z",
    "q=emma",
    "q=war",
    "q=strasse",
    "q=%C4%B0stanbul",
    "q=near-by",
    "q=or%20not",
    "q=%C2%B2",
    "q=e%CC%81clair",
    "q=eclair",
    "q=-",
    "q=war%20peace",
    "q=%22war%20peace%22",
    "q=wa",
    "q=%ED%95%9C%EA%B5%AD",
    "q=b%20c&sort=-title",
    "q=gro%C3%9Fe",
    "q=stories%20a",
]
SORTS = [
    "title",
    "author",
    "isbn",
    "published",
    "language",
    "publisher",
    "pages",
    "rating",
    "reviews",
    "gutenberg_id",
    "id",
]
REFUSED = (
    ("POST", "/books", {"title": "Twice", "author": "A", "isbn": isbn_13(1)}),
    ("POST", "/books", {"title": "Twice", "author": "A", "gutenberg_id": 1}),
    ("POST", "/books", {"title": "Twice", "author": "A", "pages": "many"}),
    ("PATCH", "/books/1", {"isbn": isbn_13(1)}),
    ("POST", "/items", {"key": "one", "value": 2}),
    ("POST", "/customers", {"name": "B", "email": "ADA@example.org"}),
    ("POST", "/products", {"sku": "s", "name": "n", "price": "1.00", "book": 999}),
    ("DELETE", "/books/999", None),
    ("PUT", "/orders/1/payment", {}),
    ("GET", "/books/9007199254740991", None),
    ("GET", "/tasks/%E2%82%AC", None),
    ("GET", "/books?nonsense=1", None),
    ("GET", "/books?cursor=abc", None),
)


class Twins(Client):
    """Sends each request to two services, which must not answer differently."""

    def __init__(self, one, other):
        super().__init__(one)
        self.other = Client(other)
        self.compared = 0

    def simulate_request(self, *args, **kwargs):
        again = self.other.simulate_request(*args, **dict(kwargs))
        answer = super().simulate_request(*args, **kwargs)
        assert _comparable(answer) == _comparable(again), (args, kwargs)
        self.compared += 1
        return answer


def _comparable(answer):
    """All of an answer that does not tell when it was given."""
    headers = {
        name: _MOMENT.sub("(then)", value)
        for name, value in answer.headers.items()
        if name not in _OF_THE_MOMENT
    }
    text = _REQUEST.sub("(id)", _MOMENT.sub("(then)", answer.text))
    return answer.status_code, headers, text


@pytest.fixture
def twins(empty_database, postgresql, shared_database, tmp_path):
    path = shutil.copy(empty_database, tmp_path / "twin.db")
    postgresql.empty("shop")
    urls = (f"sqlite:///{path}", shared_database)
    quiet = {"access_log": False, "audit_log": False, "page_cache": 0}
    return Twins(*[create_app(Settings(database_url=url, **quiet)) for url in urls])


def test_every_link_leads_to_the_same_document(twins):
    for kind in KINDS:
        if kind.name != "task":
            make(twins, kind)
    make(twins, kind_named("task"), id="1")
    seen = [path for path in crawl(twins) if "cursor" not in path]
    for path in seen[:50]:
        twins.get(path, accept="text/html")
    assert twins.compared > 300


def test_what_is_found_and_in_which_order_is_the_same(twins):
    _fill(twins)
    for query in QUERIES:
        path = f"/books?{quote(query, safe='=&%,.:-+')}"
        assert twins.get(path).status_code == 200
        twins.get(path, accept="text/csv")
    for sort in [*SORTS, *(f"-{each}" for each in SORTS), "language,-pages,publisher"]:
        path = f"/books?sort={sort}&limit=4"
        while path:
            links = twins.get(path).json["_links"]
            path = links.get("next", {}).get("href")
        twins.get(f"/books?sort={sort}", accept="text/csv")
    assert twins.compared > 300


def test_what_is_refused_is_refused_alike_and_uses_nothing_up(twins):
    _fill(twins)
    twins.put("/items/one", {"value": [1, 2.50, {"ä": None}]})
    twins.post("/customers", {"name": "A", "email": "ada@Example.org"})
    order = a_draft(twins)
    lineitem(twins, order, a_product(twins, stock=3), quantity=3)
    for method, path, body in REFUSED:
        answer = twins.simulate_request(method, path, json=body)
        assert answer.status_code >= 400, path
    assert twins.put("/orders/1/placement", {}, if_match='"1-x"').status_code == 412
    assert twins.put("/orders/1/placement", {}).status_code == 201
    last = twins.post("/books", {"title": "Last", "author": "Z"}).json["id"]
    assert twins.delete(f"/books/{last}").status_code == 204
    after = twins.post("/books", {"title": "After", "author": "Z"}).json["id"]
    assert (last, after) == (len(TITLES) + 1, len(TITLES) + 2)


def _fill(client):
    """Books of all kinds, some with ratings."""
    for number, title in enumerate(TITLES):
        book = {
            "title": title,
            "author": f"{title[::-1]} Ü{number % 3}",
            "subjects": SUBJECTS[number % len(SUBJECTS)],
            "isbn": isbn_13(number) if number % 2 else None,
            "publisher": (None, "B", "b", "é", "Ä")[number % 5],
            "language": ("en", "de", None)[number % 3],
            "pages": (None, 1, 2, 3)[number % 4],
            "published": 1900 - number if number % 7 else None,
            "gutenberg_id": number if number % 3 else None,
            "description": f"About {title}, war and {number}" if number % 4 else None,
        }
        made = client.post("/books", book)
        assert made.status_code == 201, made.text
        for rating in range(1, 6)[: number % 4]:
            client.post(f"{made.headers['location']}/reviews", {"rating": rating})
