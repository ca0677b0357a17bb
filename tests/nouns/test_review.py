"""What is particular about reviews: they belong to a book and make its rating."""

import pytest

from tests.shop import a_book


@pytest.mark.parametrize(
    ("ratings", "mean"),
    [([5], 5.0), ([5, 4], 4.5), ([1, 1, 2], 1.3), ([5, 5, 4, 5, 4, 4, 4, 4], 4.4)]
    + [([3] * 17 + [4] * 3, 3.2), ([], None)],
)
def test_the_rating_is_the_mean_rounded_half_up(client, ratings, mean):
    a_book(client)
    for rating in ratings:
        client.post("/books/1/reviews", {"rating": rating})
    book = client.get("/books/1").json
    assert (book["rating"], book["reviews"]) == (mean, len(ratings))


def test_the_rating_follows_changes_and_deletions(client):
    a_book(client)
    first = client.post("/books/1/reviews", {"rating": 1}).headers["location"]
    second = client.post("/books/1/reviews", {"rating": 4}).headers["location"]
    client.patch(first, {"rating": 5})
    assert client.get("/books/1").json["rating"] == 4.5
    client.delete(second)
    assert client.get("/books/1").json["rating"] == 5.0
    client.delete(first)
    assert client.get("/books/1").json["rating"] is None


def test_a_review_changes_the_tag_of_its_book(client):
    a_book(client)
    tag = client.get("/books/1").headers["etag"]
    client.post("/books/1/reviews", {"rating": 1})
    assert client.get("/books/1", if_none_match=tag).status_code == 200


def test_reviews_go_with_their_book(client):
    a_book(client)
    review = client.post("/books/1/reviews", {"rating": 1}).headers["location"]
    client.delete("/books/1")
    assert client.get(review).status_code == 404
    assert client.get("/books/1/reviews").status_code == 404


def test_a_review_is_not_found_under_another_book(client):
    a_book(client)
    a_book(client)
    client.post("/books/1/reviews", {"rating": 1})
    assert client.get("/books/2/reviews/1").status_code == 404
    assert client.delete("/books/2/reviews/1").status_code == 404
    assert client.get("/books/1/reviews/1").status_code == 200


@pytest.mark.parametrize("rating", [0, 6, 1.5, "5", None, True])
def test_a_rating_is_a_whole_number_from_1_to_5(client, rating):
    a_book(client)
    answer = client.post("/books/1/reviews", {"rating": rating})
    assert answer.status_code == 400
    assert answer.json["errors"][0]["pointer"] == "/rating"


def test_a_review_leads_up_to_its_book(client):
    a_book(client)
    links = client.post("/books/1/reviews", {"rating": 3}).json["_links"]
    assert links["up"]["href"] == "/books/1"
    assert links["collection"]["href"] == "/books/1/reviews"
    assert isinstance(links["related"], list)
