"""What is particular about books."""

import pytest

from tests.shop import a_book, href


@pytest.mark.parametrize(
    "isbn", ["0-306-40615-2", "080442957X", "978-0-306-40615-7", "9791034304141"]
)
def test_an_isbn_is_kept_without_its_hyphens(client, isbn):
    assert a_book(client, isbn=isbn)["isbn"] == isbn.replace("-", "")


@pytest.mark.parametrize(
    "isbn", ["0306406153", "9780306406158", "123", "", "978030640615X"]
)
def test_a_wrong_isbn_is_named(client, isbn):
    answer = client.post("/books", {"title": "x", "author": "y", "isbn": isbn})
    assert answer.status_code == 400
    assert answer.json["errors"][0]["pointer"] == "/isbn"


@pytest.mark.parametrize(
    ("member", "value"), [("isbn", "9780306406157"), ("gutenberg_id", 2701)]
)
def test_what_must_be_unique_is_409_the_second_time(client, member, value):
    a_book(client, **{member: value})
    body = {"title": "x", "author": "y", member: value}
    answer = client.post("/books", body)
    assert answer.status_code == 409
    assert answer.json["errors"][0]["pointer"] == f"/{member}"
    a_book(client)
    assert client.patch("/books/2", {member: value}).status_code == 409


def test_every_unique_value_that_is_taken_is_named(client):
    a_book(client, isbn="9780306406157")
    a_book(client, gutenberg_id=36)
    third = href(a_book(client))
    both = {"isbn": "9780306406157", "gutenberg_id": 36}
    made = client.post("/books", {"title": "T", "author": "A", **both})
    for answer in (made, client.patch(third, both)):
        assert answer.status_code == 409
        pointers = [each["pointer"] for each in answer.json["errors"]]
        assert pointers == ["/isbn", "/gutenberg_id"]


def test_one_s_own_unique_values_are_free(client):
    own = {"isbn": "9780306406157", "gutenberg_id": 36}
    book = href(a_book(client, **own))
    assert client.patch(book, {**own, "pages": 7}).status_code == 200


def test_nothing_is_no_duplicate(client):
    first, second = a_book(client), a_book(client)
    assert (first["isbn"], second["isbn"]) == (None, None)


@pytest.mark.parametrize(
    "language", ["en", "de-AT", "zh-Hant-TW", "mul", "sr-Latn", "x" * 9]
)
def test_languages_are_tags_of_bcp_47(client, language):
    answer = client.post("/books", {"title": "x", "author": "y", "language": language})
    assert answer.status_code == (400 if language == "x" * 9 else 201)


def test_all_faults_are_told_at_once(client):
    body = {"title": "", "author": 5, "pages": 0, "subjects": ["a", 1, "a"], "x": 1}
    answer = client.post("/books", body)
    pointers = {fault["pointer"] for fault in answer.json["errors"]}
    assert pointers == {"/title", "/author", "/pages", "/subjects/1", "/x"}


def test_computed_members_are_ignored_when_sent_back(client):
    a_book(client)
    stale = client.get("/books/1").json
    client.post("/books/1/reviews", {"rating": 5})
    answer = client.put("/books/1", {**stale, "rating": 1.0, "reviews": 99})
    assert answer.status_code == 200
    assert (answer.json["rating"], answer.json["reviews"]) == (5.0, 1)


def test_an_id_or_created_on_a_new_book_is_refused(client):
    answer = client.post("/books", {"title": "x", "author": "y", "id": 7})
    assert answer.status_code == 400
    assert answer.json["errors"][0]["pointer"] == "/id"


def test_books_may_be_kept_by_shared_caches_for_a_minute(client):
    a_book(client)
    for path in ("/books", "/books/1", "/books/1/reviews"):
        assert client.get(path).headers["cache-control"] == "public, max-age=60"
    assert client.get("/tasks").headers["cache-control"] == "private, no-cache"


def test_a_catalogue_book_sorts_by_its_author_s_family_name_until_it_changes(client):
    a_book(client, author="Zora Abel")
    a_book(client, author="Berta Zola")
    first = client.get("/books?sort=author").json["_embedded"]["item"][0]
    assert first["author"] == "Berta Zola"


def test_if_match_can_be_made_obligatory(strict_client):
    a_book(strict_client)
    answer = strict_client.delete("/books/1")
    assert answer.status_code == 428
    assert answer.json["_links"]["latest-version"]["href"] == "/books/1"
    tag = strict_client.get("/books/1").headers["etag"]
    assert strict_client.delete("/books/1", if_match=tag).status_code == 204


def test_dates_are_conditions_too(client):
    a_book(client)
    modified = client.get("/books/1").headers["last-modified"]
    past = "Sat, 01 Jan 2000 00:00:00 GMT"
    assert client.get("/books/1", if_modified_since=modified).status_code == 304
    assert client.get("/books/1", if_modified_since=past).status_code == 200
    body = {"title": "x", "author": "y"}
    assert client.put("/books/1", body, if_unmodified_since=past).status_code == 412
    assert client.put("/books/1", body, if_unmodified_since=modified).status_code == 200


def test_a_tag_without_quotes_is_400(client):
    a_book(client)
    answer = client.delete("/books/1", if_match="1-json")
    assert answer.status_code == 400
    assert answer.json["errors"][0]["parameter"] == "If-Match"


@pytest.mark.parametrize("key", ['""', "x" * 256, "ä"])
def test_an_idempotency_key_that_is_none_is_400(client, key):
    body = {"title": "x", "author": "y"}
    assert client.post("/books", body, idempotency_key=key).status_code == 400
