"""Links, curies, templates and embedded documents, in the shapes that servers use."""

import httpx2
import pytest

from tests.waymark_client.scripted import ROOT, Scripted, broken, client_of, hal, links
from waymark_client import NoSuchForm, NoSuchLink, NotReadable, TemplateFault
from waymark_client.link_header import links_in
from waymark_client.templates import is_well_formed


def at(document, **more):
    """The root document of a server, and the server."""
    server = Scripted({"GET /api/": hal(document), **more})
    return client_of(server).root(), server


@pytest.mark.parametrize(
    "href",
    [
        pytest.param("/api/books", id="path-absolute"),
        pytest.param("books", id="relative"),
        pytest.param("http://shop.example/api/books", id="absolute"),
        pytest.param("//shop.example/api/books", id="without a scheme"),
    ],
)
@pytest.mark.parametrize("is_list", [True, False], ids=["array", "object"])
def test_a_link_leads_there_however_it_is_written(href, is_list):
    link = {"href": href}
    root, server = at(
        links(books=[link] if is_list else link), **{"GET /api/books": hal({"n": 1})}
    )
    assert root["books"].state == {"n": 1}
    assert server.asked == ["GET /api/", "GET /api/books"]


def test_a_link_is_found_by_its_short_name_and_by_its_uri():
    curies = [{"name": "ea", "href": "http://docs.example/{rel}", "templated": True}]
    root, _ = at(links(curies=curies, ea__find={"href": "/x"}))
    assert root.links.one("http://docs.example/find").href == "/x"
    assert "http://docs.example/find" in root.links
    assert root.links.meaning("ea:find") == "http://docs.example/find"
    assert root.links.is_resolved("ea:find")
    assert not root.links.is_resolved("wm:books")


def test_embedded_documents_know_the_curies_of_the_outer_one():
    curies = [{"name": "ea", "href": "/rels/{rel}", "templated": True}]
    inner = links(self="/api/1", ea__customer={"href": "/api/7"})
    root, _ = at({**links(curies=curies), "_embedded": {"ea:order": [inner]}})
    (order,) = root.embedded("ea:order")
    assert order.links.meaning("ea:customer") == "http://shop.example/rels/customer"
    assert root.embedded("http://shop.example/rels/order")[0].uri == order.uri


def test_what_is_embedded_is_not_asked_for():
    inner = {"name": "Ada", **links(self="/api/7")}
    root, server = at({"_embedded": {"author": inner}, **links(author="/api/7")})
    assert root["author"].state == {"name": "Ada"}
    assert server.asked == ["GET /api/"]


def test_an_empty_list_embedded_leads_nowhere():
    root, _ = at({"_embedded": {"item": []}})
    with pytest.raises(NoSuchLink, match="nothing is embedded"):
        root.follow("item")


def test_of_several_links_the_first_that_is_not_deprecated_is_followed():
    root, _ = at(
        links(
            a=[{"href": "/old", "deprecation": "/why"}, {"href": "/new", "name": "n"}]
        )
    )
    assert root.links.one("a").href == "/new"
    assert root.links.one("a", "n").href == "/new"
    with pytest.raises(NoSuchLink, match="named 'm'"):
        root.links.one("a", "m")


def test_an_unknown_relation_is_told_with_those_that_exist():
    root, _ = at(links(books="/books", junk={"no": "href"}))
    with pytest.raises(NoSuchLink, match=r"no link 'nope': there are books$"):
        root.follow("nope")
    assert list(root.links) == ["books"]
    assert len(root.links) == 1


def test_links_may_be_bare_texts():
    root, _ = at({"_links": {"next": "/api/2"}})
    assert root.links.one("next").uri() == "http://shop.example/api/2"


BOOK = {"href": "/api/books/{id}{?fields,embed*}", "templated": True}


def test_a_templated_link_is_filled_in():
    root, server = at(links(book=BOOK), **{"GET /api/books/a%2Fb?fields=x": hal({})})
    root.follow("book", id="a/b", fields="x")
    assert server.asked[-1] == "GET /api/books/a%2Fb?fields=x"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "needs id"),
        ({"id": None}, "needs id"),
        ({"id": 1, "isbn": 2}, "takes isbn: there are embed, fields, id"),
    ],
)
def test_variables_are_checked(variables, told):
    root, server = at(links(book=BOOK))
    with pytest.raises(TemplateFault, match=told):
        root.follow("book", **variables)
    assert server.asked == ["GET /api/"]


def test_values_of_variables_are_written_as_text():
    search = {"href": "/api/s{?flag,several*}", "templated": True}
    root, _ = at(links(search=search))
    link = root.links.one("search")
    assert link.uri({"flag": True, "several": [1, 2]}).endswith(
        "/api/s?flag=true&several=1&several=2"
    )


@pytest.mark.parametrize(
    ("template", "is_good"),
    [("/a{?b,c}", True), ("/a{?b", False), ("/a}", False), ("/{!b c}", False)],
)
def test_templates_that_do_not_expand_are_known(template, is_good):
    assert is_well_formed(template) is is_good


def test_links_of_the_header_are_used_where_the_body_has_none():
    field = '</api/2>; rel="next prev"; title="a;b, c", </x>; rel=self'
    root, _ = at({"_links": {"self": {"href": "/api/"}}})
    server = Scripted({"GET /api/": hal(links(self="/api/"), link=field)})
    root = client_of(server).root()
    assert root.links.one("next").uri() == root.links.one("prev").uri()
    assert root.links.one("next").title == "a;b, c"
    assert root.uri == ROOT


def test_a_link_header_is_read_as_the_rfc_says():
    field = '</a>; rel=x; rel=y; title*=UTF-8\'\'%c3%a4; title=a, ,</b,c>;rel="\\"q"'
    assert list(links_in(field)) == [
        ("x", "/a", {"title": "ä"}),
        ('"q', "/b,c", {}),
    ]


def test_a_document_that_is_no_json_is_told():
    server = Scripted({"GET /api/": broken()})
    with pytest.raises(NotReadable, match="no JSON"):
        client_of(server).root()


def test_what_is_no_hal_is_text_with_the_links_of_the_header():
    page = httpx2.Response(200, headers={"content-type": "text/html"}, text="<p>")
    root = client_of(Scripted({"GET /api/": page})).root()
    assert (root.text, root.state, root.templates) == ("<p>", {}, ())


FORMS = {
    "default": {"title": "Ändern", "method": "PUT"},
    "change": {"method": "PATCH"},
    "review": {"title": "New review", "method": "POST", "target": "/api/reviews"},
    "look": {"target": "/api/?q="},
    "first": {"method": "PUT", "target": "/api/both"},
    "second": {"method": "PATCH", "target": "/api/both"},
}
LEADING = links(self="/api/", wm__reviews="/api/reviews", wm__both="/api/both")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        pytest.param(None, "default", id="none"),
        pytest.param("review", "review", id="its key"),
        pytest.param("wm:reviews", "review", id="the relation where it leads"),
        pytest.param("edit", "default", id="PUT of the document"),
        pytest.param("change", "change", id="PATCH"),
        pytest.param("search", "look", id="GET, with another query"),
    ],
)
def test_a_form_is_found_by_its_name(name, key):
    root, _ = at({**LEADING, "_templates": FORMS})
    assert root.form(name).template.name == key


@pytest.mark.parametrize(
    ("name", "told"),
    [
        # The only POST goes elsewhere.
        ("new", r"no form 'new': there are default \(Ändern\), change"),
        ("wm:both", r"several forms are 'wm:both': there are first \(first\), second"),
        ("Ändern", "no form"),
    ],
)
def test_a_form_that_is_not_offered_is_told_with_those_that_are(name, told):
    root, _ = at({**LEADING, "_templates": FORMS})
    with pytest.raises(NoSuchForm, match=told):
        root.form(name)


def test_without_a_default_the_first_form_is_it():
    root, _ = at({"_templates": {"make": {"title": "Make one"}, "b": {}}})
    assert repr(root.form()) == "<Form make: Make one>"
    assert repr(root) == f"<Resource {ROOT}>"
    with pytest.raises(NoSuchForm, match="no form 'default': there are none"):
        at({})[0].form()


def test_relations_are_followed_beyond_what_is_embedded():
    inner = links(self="/api/1", author="/api/7")
    root, server = at({"_embedded": {"book": inner}}, **{"GET /api/7": hal({"n": 7})})
    assert root.follow("book", "author").state == {"n": 7}
    assert root.embedded_rels == ("book",)
    assert server.asked == ["GET /api/", "GET /api/7"]


def test_a_relation_may_be_followed_several_times():
    template = {"href": "/api/{?deep}", "templated": True}
    root, server = at(
        links(next="/api/2"),
        **{
            "GET /api/2": hal(links(next=template)),
            "GET /api/?deep=1": hal({"n": 3}),
        },
    )
    assert root.follow("next", "next", deep=1).state == {"n": 3}
    assert len(server.asked) == 3


def test_variables_go_to_the_link_whatever_is_embedded():
    template = {"href": "/api/b{?q}", "templated": True}
    root, _ = at(
        {**links(b=template), "_embedded": {"b": [{"n": 1}]}},
        **{"GET /api/b?q=x": hal({"n": 2})},
    )
    assert root.follow("b").state == {"n": 1}
    assert root.follow("b", q="x").state == {"n": 2}
    with pytest.raises(TemplateFault, match="takes z: there are no variables"):
        root.follow("b", z="x")


@pytest.mark.parametrize("href", ["http://[bad/", "http://a:99999999/", None, 5])
def test_what_is_no_reference_is_no_link(href):
    root, _ = at({"_links": {"bad": {"href": href}, "self": {"href": "/api/"}}})
    assert list(root.links) == ["self"]


def test_a_host_may_be_a_variable():
    href = "http://{host}:{port}/a"
    root, _ = at(links(far={"href": href, "templated": True}))
    assert root.links.one("far").uri({"host": "h", "port": 1}) == "http://h:1/a"


@pytest.mark.parametrize(
    "curie", [{"href": "/rels/{rel}"}, {"href": "/rels/{action}", "name": "ea"}]
)
def test_a_curie_without_a_name_or_with_another_variable_means_nothing(curie):
    curies = [{**curie, "templated": True}]
    root, _ = at(links(curies=curies, ea__x="/api/"))
    assert root.links.meaning("ea:x") == "ea:x"


def test_what_is_no_reference_can_t_be_read():
    root, _ = at({"_templates": {"default": {"target": "http://[bad/"}}})
    with pytest.raises(NotReadable, match=r"http://\[bad/ is no URI"):
        root.read("http://[bad/")
    with pytest.raises(NotReadable):
        root.form().submit()


def test_a_document_is_no_sequence():
    root, _ = at({})
    with pytest.raises(TypeError, match="not iterable"):
        iter(root)


def test_a_typed_link_is_asked_for_by_its_type():
    root, server = at(
        links(doc={"href": "/api/doc", "type": "text/html"}),
        **{"GET /api/doc": httpx2.Response(200, text="<p>")},
    )
    assert root["doc"].text == "<p>"
    assert server.requests[-1].headers["accept"] == "text/html, */*;q=0.1"
