"""HAL as other servers send it: its collections, its curies, its pages, its forms.

What others recorded of their servers stands in `shapes/`. The shapes in this file are
those that the draft of HAL, Spring Data REST, Laminas, Vonage, Foxy, Eve and GitHub
describe, with values of our own.
"""

import json
from pathlib import Path

import httpx2
import pytest

from tests.waymark_client.scripted import Scripted, client_of, hal
from waymark_client import Invalid

HOST = "http://shop.example"


def recorded(name):
    """An answer that another server gave."""
    text = Path(__file__).with_name("shapes").joinpath(f"{name}.json").read_text()
    return hal(json.loads(text))


def reading(path, name, **others):
    """The recorded document at a path of its server, which answers others too."""
    server = Scripted({f"GET {path}": recorded(name), **others})
    return client_of(server).read(path), server


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


def test_pages_of_api_platform_link_to_what_they_embed():
    page, server = reading(
        "/dummies?page=1",
        "api-platform-first",
        **{"GET /dummies?page=2": recorded("api-platform-last")},
    )
    assert [each.state["name"] for each in page.items()] == [
        "Dummy #1",
        "Dummy #2",
        "Dummy #3",
    ]
    assert server.asked == ["GET /dummies?page=1", "GET /dummies?page=2"]
    assert next(page.items()).state["dummyDate"] is None


def test_an_empty_page_of_api_platform_holds_nothing():
    page, _ = reading("/dummies", "api-platform-empty")
    assert list(page.items()) == []


def test_what_api_platform_embeds_is_partial_and_deep():
    level = {"GET /third_levels/1": hal({"level": 3, "more": True})}
    embedder, server = reading(
        "/relation_embedders/1", "api-platform-embedded", **level
    )
    assert embedder.follow("related", "thirdLevel").state == {"level": 3}
    assert len(server.asked) == 1
    whole = embedder.follow("related", "thirdLevel").refresh()
    assert whole.state["more"] is True
    assert [each.uri() for each in embedder.links["relatedDummies"]] == [
        f"{HOST}/related_dummies/1"
    ]


def test_a_problem_of_api_platform_is_one_although_its_status_is_text():
    told = recorded("api-platform-problem").json()
    server = Scripted(
        {"POST /api/": httpx2.Response(422, json=told), "GET /api/": hal({})}
    )
    with pytest.raises(
        Invalid, match="name: This value should not be blank"
    ) as refused:
        client_of(server).root().post(name="")
    assert refused.value.status == 422
    assert refused.value.members["violations"][0]["propertyPath"] == "name"


def test_one_curie_of_spring_is_no_list():
    person, _ = reading("/person/1", "spring-hateoas-curies")
    assert person.links["http://example.com/rels/orders"][0].rel == "ex:orders"


def test_of_several_lists_of_spring_the_caller_chooses():
    people, server = reading("/people/alan-watts", "spring-hateoas-embedded")
    assert [each.state["name"] for each in people.items("staffs")] == ["Frodo", "Bilbo"]
    assert people["ring bearers"].state["role"] == "ring bearer"
    assert list(people.items()) == []
    assert len(server.asked) == 1


def test_a_form_of_spring_without_titles_and_types_is_sent_as_json():
    frodo, server = reading("/employees/1", "spring-hateoas-forms")
    server.change("PATCH /employees/1", hal({}))
    form = frodo.form("change")
    assert form.template.title == "partiallyUpdateEmployee"
    form.submit(role="gardener")
    sent = server.requests[-1]
    assert str(sent.url) == "http://localhost:8080/employees/1"
    assert sent.headers["content-type"] == "application/json"
    assert json.loads(sent.content) == {"role": "gardener"}


def test_what_amazon_links_to_and_embeds_is_asked_for_once():
    blog, server = reading("/blog-posts/123", "amazon-blog")
    assert blog["test:author"].state["name"] == "Alan Watts"
    assert blog.state["comments"][0]["author"] == "Gene"
    assert len(server.asked) == 1


def test_relations_may_be_whole_uris_as_foxy_has_them():
    rel = "https://api.foxy.example/rels/store"
    told = {"_links": {rel: {"href": "/stores/66", "title": "A store"}}}
    server = Scripted({"GET /api/": hal(told), "GET /stores/66": hal({"id": 66})})
    assert client_of(server).root()[rel].state == {"id": 66}


def test_hrefs_without_a_slash_are_relative_as_at_the_root_of_eve():
    told = {"_links": {"child": [{"href": "people", "title": "people"}]}}
    headers = {"content-type": "application/json"}
    root = httpx2.Response(200, headers=headers, content=json.dumps(told))
    server = Scripted({"GET /api/": root, "GET /api/people": hal({"n": 1})})
    assert client_of(server).root()["child"].state == {"n": 1}


def test_pages_without_links_in_the_body_are_walked_by_the_header_as_github_s():
    field = (
        '<http://shop.example/api/?page=2>; rel="next", '
        '<http://shop.example/api/?page=9>; rel="last"'
    )
    pages = {"GET /api/": hal([1], link=field), "GET /api/?page=2": hal([2])}
    walked = [
        json.loads(each.text) for each in client_of(Scripted(pages)).root().pages()
    ]
    assert walked == [[1], [2]]
