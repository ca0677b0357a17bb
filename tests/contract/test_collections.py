"""Collections: filters, search, sorting, sparse fields, embedding, totals."""

import pytest

from api.documents import KINDS
from api.storage.cursors import encode_cursor
from api.storage.query import Position, Selection, SortKey
from tests.shop import a_book, a_draft, kind_named, lineitem, make
from tests.statements import selects

TITLES = ["Zoo", "alpha", "Émile", "beta", "Alpha", "émigré"]


@pytest.fixture
def shelf(client):
    for place, title in enumerate(TITLES):
        published = None if place % 2 else 1900 + place
        subjects = ["Whaling", "Sea stories"] if place == 0 else ["Whaling ships"]
        a_book(client, title=title, published=published, subjects=subjects)
    return client


def titles(client, query):
    answer = client.get(f"/books?{query}")
    assert answer.status_code == 200, answer.text
    return [each["title"] for each in answer.json["_embedded"]["item"]]


def walked(client, query):
    page = client.get(f"/books?{query}").json
    while True:
        yield from (each["title"] for each in page["_embedded"]["item"])
        if "next" not in page["_links"]:
            return
        page = client.get(page["_links"]["next"]["href"]).json


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("title=beta", ["beta"], id="equal"),
        pytest.param("title.in=Zoo,beta", ["Zoo", "beta"], id="one of"),
        pytest.param("title.contains=EMI", ["Émile", "émigré"], id="contains, folded"),
        pytest.param("title.contains=%25", [], id="no wildcard"),
        pytest.param("published.gte=1902", ["Émile", "Alpha"], id="at least"),
        pytest.param("published.lt=1902", ["Zoo"], id="less, nulls out"),
        pytest.param("published.ne=1900", TITLES[1:], id="not equal, nulls in"),
        pytest.param("subjects=Whaling", ["Zoo"], id="in a list"),
        pytest.param("subjects.contains=whaling", TITLES, id="part of a list's text"),
        pytest.param("title=beta&published=1", [], id="both"),
        pytest.param("title=", TITLES, id="blank is absent"),
        pytest.param("created.gte=2020-01-01", TITLES, id="a date"),
        pytest.param("created.lt=2020-01-01T00:00:00%2B02:00", [], id="a time"),
    ],
)
def test_filters_select(shelf, query, found):
    assert titles(shelf, query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sort=title", ["alpha", "Alpha", "beta", "émigré", "Émile", "Zoo"]),
        ("sort=-title", ["Zoo", "Émile", "émigré", "beta", "Alpha", "alpha"]),
        ("sort=published", ["alpha", "beta", "émigré", "Zoo", "Émile", "Alpha"]),
        ("sort=-published,title", ["Alpha", "Émile", "Zoo", "alpha", "beta", "émigré"]),
    ],
)
def test_sorting_is_total_and_the_same_over_pages(shelf, query, found):
    assert titles(shelf, query) == found
    assert list(walked(shelf, f"{query}&limit=2")) == found


def test_links_keep_the_whole_query(shelf):
    page = shelf.get("/books?sort=title&limit=2&title.ne=Zoo").json
    for rel in ("self", "first", "next", "last"):
        href = page["_links"][rel]["href"]
        assert href.startswith("/books?sort=title&limit=2&title.ne=Zoo")


def test_the_first_page_has_no_prev_and_the_last_no_next(shelf):
    first = shelf.get("/books?limit=4").json["_links"]
    last = shelf.get(first["last"]["href"]).json["_links"]
    assert ("prev" in first, "next" in first) == (False, True)
    assert ("prev" in last, "next" in last) == (True, False)


def test_an_empty_collection_is_a_page_of_nothing(client):
    page = client.get("/books").json
    assert (page["total"], page["count"], page["_embedded"]["item"]) == (0, 0, [])
    assert client.get(page["_links"]["last"]["href"]).json["count"] == 0


def test_a_cursor_of_another_order_is_400(shelf):
    href = shelf.get("/books?limit=2&sort=title").json["_links"]["next"]["href"]
    cursor = href.partition("cursor=")[2]
    answer = shelf.get(f"/books?sort=-title&cursor={cursor}")
    assert answer.status_code == 400
    assert shelf.get(answer.json["_links"]["wm:corrected"]["href"]).status_code == 200


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", "9" * 400])
def test_a_limit_out_of_bounds_is_400(client, limit):
    assert client.get(f"/books?limit={limit}").status_code == 400


def test_a_search_ranks_words_of_the_title_first(client):
    a_book(client, title="A long book about something else and whales")
    a_book(client, title="The sea", subjects=["Whales"])
    a_book(client, title="Whales")
    assert titles(client, "q=whales") == [
        "Whales",
        "A long book about something else and whales",
        "The sea",
    ]


@pytest.mark.parametrize(
    "words", ['"', "*", "a AND", "NEAR(", "title:x", "-", "()", "';--"]
)
def test_a_search_has_no_operators(shelf, words):
    assert shelf.get(f"/books?q={words}").status_code == 200


def test_tasks_can_be_searched(client):
    client.put("/tasks/a", {"description": "Learn REST APIs"})
    client.put("/tasks/b", {"description": "Sleep"})
    found = client.get("/tasks?q=rest").json["_embedded"]["item"]
    assert [each["id"] for each in found] == ["a"]


def test_a_search_follows_changes(client):
    a_book(client, title="Before")
    client.patch("/books/1", {"title": "After"})
    assert (titles(client, "q=before"), titles(client, "q=after")) == ([], ["After"])
    client.delete("/books/1")
    assert titles(client, "q=after") == []


def test_the_total_of_a_filtered_collection_is_counted(shelf):
    page = shelf.get("/books?subjects.contains=ships&limit=1").json
    assert (page["total"], page["total_kind"]) == (5, "exact")


def test_counting_can_be_left_out(shelf):
    answer = shelf.get("/books?q=whaling", prefer="count=none")
    assert "total" not in answer.json
    assert "total_kind" not in answer.json
    assert answer.headers["preference-applied"] == "count=none"
    assert "Prefer" in answer.headers["vary"]


def test_an_exact_count_can_be_asked_for(shelf):
    answer = shelf.get("/books?q=whaling", prefer="count=exact")
    assert (answer.json["total"], answer.json["total_kind"]) == (6, "exact")


def test_sparse_fields_leave_links_alone(shelf):
    book = shelf.get("/books?fields=title&limit=1").json["_embedded"]["item"][0]
    assert set(book) == {"_links", "id", "title"}
    assert "wm:reviews" in book["_links"]


def test_reviews_can_stand_in_their_books(client):
    for _ in range(3):
        a_book(client)
    for rating in range(25):
        client.post("/books/2/reviews", {"rating": rating % 5 + 1})
    books = client.get("/books?embed=reviews").json["_embedded"]["item"]
    counts = [book["_embedded"]["wm:reviews"]["count"] for book in books]
    assert counts == [0, 20, 0]
    inside = books[1]["_embedded"]["wm:reviews"]
    assert inside["total"] == 25
    rest = client.get(inside["_links"]["next"]["href"]).json
    assert rest["count"] == 5


def test_what_is_embedded_stands_where_its_link_leads(client):
    a_book(client)
    book = client.get("/books/1?embed=reviews").json
    inside = book["_embedded"]["wm:reviews"]
    assert inside["_links"]["self"] == book["_links"]["wm:reviews"]


def test_a_page_takes_as_many_statements_for_one_row_as_for_200(client):
    for _ in range(30):
        a_book(client)
    counts = {limit: selects(client, f"/books?limit={limit}") for limit in (1, 200)}
    embedded = selects(client, "/books?limit=200&embed=reviews")
    assert counts[1] == counts[200] == 3
    assert embedded == 5


def test_a_page_of_orders_takes_the_same_statements_however_many_there_are(client):
    for _ in range(6):
        lineitem(client, a_draft(client))
    one, six = (selects(client, f"/orders?limit={limit}") for limit in (1, 6))
    assert one == six == 4


def test_the_books_of_an_author_are_related(client):
    for _ in range(2):
        a_book(client, author="Strugatsky, Arkady & Boris")
    related = client.get("/books/1").json["_links"]["related"][0]["href"]
    assert "," not in related
    assert client.get(related).json["total"] == 2


def test_every_sortable_member_sorts(client):
    for kind in KINDS:
        if kind.parent is None and not kind.is_single:
            for _ in range(3):
                make(client, kind)
            for name in ("created", "-updated", kind.model.key):
                assert client.get(f"/{kind.plural}?sort={name}").json["count"] == 3


def test_what_a_lenient_request_ignores_is_not_in_its_links(shelf):
    page = shelf.get("/books?title.foo=beta&limit=2", prefer="handling=lenient").json
    assert page["total"] == len(TITLES)
    following = shelf.get(page["_links"]["next"]["href"]).json
    assert following["total"] == len(TITLES)


@pytest.mark.parametrize("query", ["limt=", "x", "title.foo="])
def test_an_unknown_parameter_is_one_with_a_blank_value_too(client, query):
    assert client.get(f"/books?{query}").status_code == 400


def test_a_page_that_stands_unchanged_is_not_read_again(shelf):
    assert selects(shelf, "/books?limit=3&sort=title") == 3
    assert selects(shelf, "/books?limit=3&sort=title") == 1


def test_a_kept_page_is_forgotten_when_anything_in_it_changes(shelf):
    before = shelf.get("/books?q=zoo").json
    shelf.patch("/books/1", {"pages": 5})
    after = shelf.get("/books?q=zoo").json
    assert before["_embedded"]["item"][0]["pages"] is None
    assert after["_embedded"]["item"][0]["pages"] == 5
    shelf.delete("/books/1")
    assert shelf.get("/books?q=zoo").json["count"] == 0


def test_kept_pages_are_kept_apart(shelf):
    for _ in range(2):
        assert (
            shelf.get("/books", accept="text/xml").headers["content-type"] == "text/xml"
        )
        assert shelf.get("/books?limit=1").json["count"] == 1
        assert "total" not in shelf.get("/books", prefer="count=none").json
        assert "total" in shelf.get("/books").json
        assert shelf.get("/books", accept="*/*; indent=2").text.startswith("{\n")


def test_reviews_of_a_deleted_book_are_not_kept(shelf):
    shelf.post("/books/1/reviews", {"rating": 3})
    assert shelf.get("/books/1/reviews").json["count"] == 1
    shelf.delete("/books/1")
    assert shelf.get("/books/1/reviews").status_code == 404


@pytest.mark.parametrize(
    "kind",
    [each for each in KINDS if each.parent is None and not each.is_single],
    ids=lambda each: each.name,
)
def test_every_order_can_be_walked_by_its_cursors(client, kind):
    for _ in range(3):
        make(client, kind)
    for name in filter(kind.model.is_sortable, kind.shape.members):
        for sort in (name, f"-{name}"):
            page, seen = client.get(f"/{kind.plural}?sort={sort}&limit=1").json, 1
            while "next" in page["_links"]:
                page = client.get(page["_links"]["next"]["href"]).json
                seen += page["count"]
            assert seen == page["total"] >= 3


def forged(kind, sort, *values):
    """A cursor with a right check, as anybody can make one."""
    selection = Selection(sort=(SortKey(sort),))
    return encode_cursor(kind.model, selection, Position(values=values))


@pytest.mark.parametrize(
    ("noun", "sort", "value"),
    [
        ("book", "pages", "x"),
        ("book", "pages", 1.5),
        ("book", "title", "a\x00"),
        ("book", "title", 1),
        ("book", "title", None),
        ("book", "rating", "x"),
        ("book", "created", 7),
        ("product", "price", "x"),
        ("product", "price", 5),
        ("task", "complete", "x"),
    ],
)
def test_a_cursor_with_a_value_that_no_row_has_is_a_wrong_one(
    client, noun, sort, value
):
    kind = kind_named(noun)
    make(client, kind)
    cursor = forged(kind, sort, value, 1)
    answer = client.get(f"/{kind.plural}?sort={sort}&cursor={cursor}")
    assert answer.status_code == 400
