"""What a client does who knows nothing but `requests`."""

import pytest
import requests


class BookClient:
    """A client of the catalogue as anybody would write it."""

    def __init__(self, url):
        self.session = requests.Session()
        self.url = f"{url}/books"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.session.close()

    def list(self, **query):
        return self.session.get(self.url, params=query, timeout=10)

    def get(self, number):
        return self.session.get(f"{self.url}/{number}", timeout=10)

    def add(self, **book):
        return self.session.post(self.url, json=book, timeout=10)

    def update(self, number, **book):
        return self.session.put(f"{self.url}/{number}", json=book, timeout=10)

    def delete(self, number):
        return self.session.delete(f"{self.url}/{number}", timeout=10)


@pytest.fixture
def books(server):
    with BookClient(server.url) as client:
        yield client


def test_an_item_is_made_read_replaced_and_deleted(server):
    url = f"{server.url}/items/username"
    assert requests.post(url, json={"value": "Alice"}, timeout=10).status_code == 201
    assert requests.get(url, timeout=10).json()["value"] == "Alice"
    assert requests.put(url, json={"value": "Bob"}, timeout=10).status_code == 200
    assert requests.get(url, timeout=10).json()["value"] == "Bob"
    assert requests.delete(url, timeout=10).status_code == 204
    assert requests.get(url, timeout=10).status_code == 404


def test_a_task_that_is_completed_keeps_its_description(server):
    url = f"{server.url}/tasks/task1"
    made = requests.post(url, json={"description": "Learn REST APIs"}, timeout=10)
    done = requests.put(url, json={"complete": True}, timeout=10)
    read = requests.get(url, timeout=10).json()
    assert (made.status_code, done.status_code) == (201, 200)
    assert (read["description"], read["complete"]) == ("Learn REST APIs", True)


def test_a_task_is_listed_until_it_is_deleted(server):
    url = f"{server.url}/tasks/listed"
    requests.post(url, json={"description": "Be listed"}, timeout=10)
    assert "listed" in listed_tasks(server)
    assert requests.delete(url, timeout=10).status_code == 204
    assert "listed" not in listed_tasks(server)


def listed_tasks(server):
    page = requests.get(f"{server.url}/tasks", timeout=10).json()
    return [each["id"] for each in page["_embedded"]["item"]]


def test_a_book_that_was_added_is_got_updated_and_deleted(books):
    added = books.add(title="1984", author="George Orwell")
    number = added.json()["id"]
    updated = books.update(number, title="Animal Farm", author="George Orwell")
    assert (added.status_code, updated.status_code) == (201, 200)
    assert books.get(number).json()["title"] == "Animal Farm"
    assert books.delete(number).status_code == 204
    assert books.get(number).status_code == 404


def test_a_book_that_does_not_exist_is_404_to_every_method(books):
    answers = [
        books.get(987_654),
        books.update(987_654, title="T", author="A"),
        books.delete(987_654),
    ]
    assert [each.status_code for each in answers] == [404, 404, 404]


def test_a_book_without_an_author_is_refused(books):
    answer = books.add(title="1984")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/author"


def test_the_location_of_a_new_book_leads_to_it(server, books):
    added = books.add(title="Emma", author="Jane Austen")
    found = requests.get(server.url + added.headers["Location"], timeout=10)
    assert found.json() == added.json()


def test_the_links_of_requests_lead_through_a_collection(server, books):
    ids = [books.add(title=f"T{n}", author="Linked").json()["id"] for n in range(5)]
    answer = books.list(author="Linked", limit=2)
    seen = [each["id"] for each in answer.json()["_embedded"]["item"]]
    while "next" in answer.links:
        answer = requests.get(server.url + answer.links["next"]["url"], timeout=10)
        seen += [each["id"] for each in answer.json()["_embedded"]["item"]]
    assert seen == ids


def test_the_links_of_requests_lead_from_the_root_to_the_books(server):
    root = requests.get(server.url, timeout=10)
    answer = requests.get(server.url + root.links["wm:books"]["url"], timeout=10)
    assert answer.status_code == 200
