"""HTML for people, from which a program can read back all that a document says.

The body, and each `article` in it, is a document (`data-document`). What has a
`data-kind` is a member of the document around it, by the name in `data-name`: its value
stands in a `data` or `time` element if there is one, as JSON if it is a number or free,
in list items if there can be several, else as text. What has a `rel` is a link,
what has a `data-rel` the template of one. Documents embedded under a relation stand
inside of the element that names it in `data-embedded`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote
from xml.etree.ElementTree import Element, tostring

import msgspec

from api.formats.html_forms import add_form, add_forms, add_search, field_id, put
from api.hypermedia import relations
from api.hypermedia.document import (
    UNCARRIED,
    Difference,
    Document,
    JsonValue,
    Link,
    Links,
    Member,
    Problem,
    Site,
)

_BRAND = "Waymark"
_TELLING = ("title", "name", "description", "sku", "key")
_LONGEST_HEADING = 200
_LONGEST_TITLE = 70
_FACTS = 5
_PLAIN = frozenset({Member.TEXT, Member.NUMBER, Member.MONEY, Member.BOOLEAN})
_COUNTS = ("count", "total_kind", "total")
_NONE = "\N{EM DASH}"
_TRUTH = {True: ("true", "yes"), False: ("false", "no")}
_CRUMBS = (relations.UP, relations.COLLECTION, relations.SELF)
_PAGER = {
    relations.FIRST: "First",
    relations.PREV: "Previous",
    relations.NEXT: "Next",
    relations.LAST: "Last",
}
_NOTHING: Mapping[str, str] = {}
_encode = msgspec.json.Encoder().encode


class Heading(NamedTuple):
    """What a document is called, and the member that says so, if one does."""

    text: str
    member: str | None = None


class Placed(NamedTuple):
    """A link and its relation."""

    rel: str
    link: Link


def render_html(document: Document) -> bytes:
    """The document as a page of HTML in UTF-8."""
    heading = _heading_of(document, document.site)
    page, body = _page(heading.text, document.site)
    body.set("data-document", "")
    links = _links_of(document)
    header = put(body, "header")
    _add_brand(header, document.site)
    _add_crumbs(header, links, document.site)
    main = put(body, "main", {"id": "content"})
    content = put(main, "div", {"class": "content"})
    _add_heading(content, 1, heading)
    searches = [each for each in document.forms if each.method == "GET"]
    _add_searches(content, document, searches)
    _add_state(content, document, heading)
    _add_embedded(content, document, 2, heading.text)
    _add_pager(content, links)
    _add_directions(content, document, links)
    others = [each for each in document.forms if each.method != "GET"]
    if others:
        aside = put(main, "aside")
        put(aside, "h2", text="What you can do")
        add_forms(aside, others, document.etag, 3)
    _add_footer(body, document, links)
    return _written(page)


def render_html_problem(problem: Problem) -> bytes:
    """The problem as a page of HTML in UTF-8."""
    members = dict(problem.members)
    title = str(members.get("title", "Problem"))
    page, body = _page(title, problem.site)
    _add_brand(put(body, "header"), problem.site)
    main = put(body, "main", {"id": "content"})
    content = put(main, "div", {"class": "content problem"})
    status = put(content, "p", {"class": "status"}, "Problem ")
    _add_said(put(status, "span"), members, "status")
    _add_said(put(content, "h1"), members, "title")
    _add_said(put(content, "p", {"class": "detail"}), members, "detail")
    _add_faults(content, members.pop("errors", []), problem)
    _add_differences(content, problem.differences)
    if problem.form is not None:
        section = put(content, "section", {"class": "act again"})
        put(section, "h2", text=problem.form.title)
        add_form(section, problem.form, problem.etag, _faults_of(problem))
    links = list(_flat(problem.links))
    ways = [each for each in links if not each.link.templated]
    if ways:
        nav = put(content, "nav", {"aria-labelledby": "ways"})
        put(nav, "h2", {"id": "ways"}, "Ways out")
        _add_links(nav, ways, "ways")
    footer = put(body, "footer")
    told = put(footer, "dl", {"class": "facts"})
    _add_members(told, members, {name: _kind_of(members[name]) for name in members})
    _add_templates(footer, [each for each in links if each.link.templated])
    return _written(page, has_uncarried=True)
