"""HAL as other servers send it: its collections, its curies, its pages, its forms.

The shapes are those of the draft of HAL, Spring Data REST and Spring HATEOAS, API
Platform, Laminas and Vonage, cut down to what differs.
"""

import json

import pytest

from tests.waymark_client.scripted import Scripted, client_of, hal

HOST = "http://shop.example"


def spring_page(number):
    """Absolute links, a list under a name of its own, and page data in an object."""
    onward = {"next": {"href": f"{HOST}/people?page=1&size=1"}} if number == 0 else {}
    person = {
        "firstName": f"Person {number}",
        "_links": {
            "self": {"href": f"{HOST}/people/{number}"},
            "person": {
                "href": f"{HOST}/people/{number}{{?projection}}",
                "templated": True,
            },
        },
    }
    return {
        "_embedded": {"people": [person]},
        "_links": {
            "self": {"href": f"{HOST}/people{{?page,size,sort}}", "templated": True},
            **onward,
            "profile": {"href": f"{HOST}/profile/people"},
        },
        "page": {"size": 1, "totalElements": 2, "totalPages": 2, "number": number},
    }


DRAFT = {
    "_links": {
        "self": {"href": "/api/"},
        "curies": [
            {"name": "ea", "href": "http://example.com/docs/{rel}", "templated": True}
        ],
        "next": {"href": "/api/?page=2"},
        "ea:find": {"href": "/api/orders{?id}", "templated": True},
    },
    "currentlyProcessing": 14,
    "_embedded": {
        "ea:order": [
            {
                "_links": {
                    "self": {"href": "/api/orders/123"},
                    "ea:basket": {"href": "/api/baskets/98712"},
                },
                "total": 30.0,
            }
        ]
    },
}
API_PLATFORM = {
    "_links": {
        "self": {"href": "/api/books?page=1"},
        "item": [{"href": "/api/books/1"}, {"href": "/api/books/2"}],
    },
    "totalItems": 2,
    "_embedded": {
        "item": [
            {"_links": {"self": {"href": f"/api/books/{number}"}}, "id": number}
            for number in (1, 2)
        ]
    },
}
LAMINAS = {
    "_links": {"self": {"href": f"{HOST}/users"}},
    "page_count": 1,
    "_embedded": {"users": [{"_links": {"self": {"href": f"{HOST}/users/ada"}}}]},
}
VONAGE = {
    "_links": {"self": {"href": "/api/calls?page=1"}},
    "count": 1,
    "_embedded": {"calls": [{"_links": {"self": {"href": "/api/calls/1"}}}]},
}


@pytest.mark.parametrize(
    ("document", "uris"),
    [
        pytest.param(DRAFT, ["/api/orders/123"], id="draft"),
        pytest.param(API_PLATFORM, ["/api/books/1", "/api/books/2"], id="API Platform"),
        pytest.param(LAMINAS, ["/users/ada"], id="Laminas"),
        pytest.param(VONAGE, ["/api/calls/1"], id="Vonage"),
    ],
)
def test_a_collection_is_walked_whatever_its_list_is_called(document, uris):
    last = {"_links": {}, "_embedded": {}}
    server = Scripted({"GET /api/": hal(document), "GET /api/?page=2": hal(last)})
    found = client_of(server).root().items()
    assert [each.uri.removeprefix(HOST) for each in found] == uris


def test_short_relations_of_the_draft_have_their_meaning():
    server = Scripted(
        {"GET /api/": hal(DRAFT), "GET /api/baskets/98712": hal({"n": 1})}
    )
    root = client_of(server).root()
    assert root.follow("ea:order", "ea:basket").state == {"n": 1}
    assert root.links.meaning("ea:basket") == "http://example.com/docs/basket"


def test_pages_of_spring_whose_self_is_a_template_are_walked():
    pages = {
        "GET /people": hal(spring_page(0)),
        "GET /people?page=1&size=1": hal(spring_page(1)),
        "GET /people/1?projection=short": hal({"firstName": "P"}),
    }
    people = client_of(Scripted(pages)).read("/people")
    found = list(people.items())
    assert [each.state["firstName"] for each in found] == ["Person 0", "Person 1"]
    assert found[1].follow("person", projection="short").state["firstName"] == "P"
    assert people.uri == f"{HOST}/people"


def test_a_form_of_spring_aims_at_its_document_and_sends_json():
    options = {
        "inline": [{"text": "Big", "id": "B"}, {"text": "Small", "id": "S"}],
        "promptField": "text",
        "valueField": "id",
        "minItems": 1,
        "maxItems": 1,
        "selectedValues": ["S"],
    }
    template = {
        "method": "PUT",
        "properties": [
            {"name": "name", "required": True, "minLength": 2, "type": "text"},
            {"name": "size", "options": options},
        ],
    }
    document = {
        "_links": {"self": {"href": f"{HOST}/api/"}},
        "_templates": {"default": template},
    }
    server = Scripted({"GET /api/": hal(document), "PUT /api/": hal(document)})
    form = client_of(server).root().form()
    assert [each.prompt for each in form.fields["size"].options] == ["Big", "Small"]
    form.submit(name="Box", size="B")
    assert json.loads(server.requests[-1].content) == {"name": "Box", "size": "B"}
    form.submit(name="Box")
    assert json.loads(server.requests[-1].content) == {"name": "Box", "size": "S"}
