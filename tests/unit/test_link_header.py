"""The Link header: a document's typed links in at most 4 KiB."""

import pytest

from api.hypermedia.document import Link
from api.protocol.link_header import LARGEST_HEADER, link_header
from api.uris import encode_query


@pytest.mark.parametrize(
    ("links", "header"),
    [
        pytest.param({}, "", id="none"),
        pytest.param({"self": Link("/a")}, '</a>; rel="self"', id="one"),
        pytest.param({"wm:books": Link("/b")}, '</b>; rel="wm:books"', id="extension"),
        pytest.param(
            {"alternate": [Link("/a.json", type="x/y"), Link("/a.xml", type="x/z")]},
            '</a.json>; rel="alternate"; type="x/y", '
            '</a.xml>; rel="alternate"; type="x/z"',
            id="several with types",
        ),
        pytest.param({"search": Link("/{?q}", templated=True)}, "", id="template"),
        pytest.param({"curies": [Link("/{rel}", templated=True)]}, "", id="curies"),
    ],
)
def test_each_link_that_is_no_template_stands_with_its_relation_first(links, header):
    assert link_header(links) == header


def test_a_comma_in_a_url_splits_nothing():
    href = "/books" + encode_query([("sort", "title,id"), ("author", "A, B")])
    assert link_header({"self": Link(href), "up": Link("/")}).count(",") == 1


def test_pages_come_first_in_the_order_of_their_use():
    names = ["self", "first", "prev", "next", "last", "up"]
    header = link_header({name: Link(f"/{name}") for name in names})
    order = [part.split(">")[0][2:] for part in header.split(", ")]
    assert order == ["next", "prev", "first", "last", "self", "up"]


@pytest.mark.parametrize("size", [1900, 900, 100])
def test_a_header_too_long_keeps_whole_links_and_pages_first(size):
    names = ["self", "first", "prev", "next", "last", "up"]
    links = {name: Link("/" + name + "x" * size) for name in names}
    links["related"] = [Link(f"/{number}" + "x" * size) for number in range(50)]
    header = link_header(links)
    assert len(header) <= LARGEST_HEADER
    kept = header.split(", ")
    wanted = ["next", "prev", "first", "last"][: len(kept)]
    assert [part.split('rel="')[1].rstrip('"') for part in kept[:4]] == wanted


def test_a_header_that_just_fits_is_whole():
    links = {"up": Link("/" + "x" * (LARGEST_HEADER - len('</>; rel="up"')))}
    assert len(link_header(links)) == LARGEST_HEADER


def test_one_link_too_long_leaves_nothing():
    assert link_header({"up": Link("/" + "x" * LARGEST_HEADER)}) == ""
