"""HTML for people, from which a program can read back all that a document says.

The body, and each `article` in it, is a document (`data-document`). What has a
`data-kind` is a member of the document around it, by the name in `data-name`: its value
stands in a `data` or `time` element if there is one, as JSON if it is a number or free,
in list items if there can be several, else as text. What has a `rel` is a link, what
has a `data-rel` is the template of one. Documents embedded under a relation stand in
the element that names it in `data-embedded`.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element

from api.formats.html_forms import add_forms, add_search
from api.formats.html_parts import (
    Placed,
    add_for_programs,
    add_link,
    add_links,
    add_members,
    add_value,
    flat,
    meaning_of,
    new_page,
    place_name,
    put,
    relation_name,
    written,
)
from api.formats.html_problems import render_html_problem
from api.hypermedia import relations
from api.hypermedia.document import Document, JsonValue, Link, Member

__all__ = ["render_html", "render_html_problem"]

_TELLING = ("title", "name", "description", "sku", "key")
_LONGEST_HEADING = 200
_DEEPEST = 6
_FACTS = 4
_SHORT = 40
_KEYS = ("id", "key")
_PLAIN = frozenset({Member.TEXT, Member.NUMBER, Member.MONEY, Member.BOOLEAN})
_COUNT, _TOTAL, _TOTAL_KIND = "count", "total", "total_kind"
_COUNTS = frozenset({_COUNT, _TOTAL, _TOTAL_KIND})
_CRUMBS = (relations.UP, relations.COLLECTION, relations.SELF)
_PAGER = {
    relations.FIRST: "First",
    relations.PREV: "Previous",
    relations.NEXT: "Next",
    relations.LAST: "Last",
}


class Heading(NamedTuple):
    """What a document is called, and the member that says so, if one does."""

    text: str
    member: str | None = None


def render_html(document: Document) -> bytes:
    """The document as a page of HTML in UTF-8."""
    heading = _heading_of(document)
    page, body, header = new_page(heading.text, document.site)
    body.set("data-document", "")
    links = list(flat(document.links))
    _add_crumbs(header, document, [each for each in links if each.rel in _CRUMBS])
    main = put(body, "main", {"id": "content"})
    content = put(main, "div", {"class": "content"})
    _add_heading(put(content, "h1"), heading)
    _add_searches(content, document)
    _add_state(content, document, _others(document, heading))
    _add_embedded(content, document, 2, heading.text)
    _add_pager(content, [each for each in links if each.rel in _PAGER])
    _add_directions(content, document)
    acts = [each for each in document.forms if each.method != "GET"]
    if acts:
        aside = put(main, "aside")
        put(aside, "h2", text="What you can do")
        add_forms(aside, acts, document.etag, 3)
    _add_footer(body, document)
    return written(page).encode()


def _heading_of(document: Document, otherwise: str = "") -> Heading:
    """The most telling member that is short enough, or what its place is called."""
    state, kinds = document.state, document.shape.members
    for name in _TELLING:
        value = state.get(name)
        if (
            isinstance(value, str)
            and kinds[name] is Member.TEXT
            and len(value) <= _LONGEST_HEADING
            and value.strip()
        ):
            return Heading(value, name)
    if otherwise:
        return Heading(otherwise)
    return Heading(place_name(document.href or "", _key_of(document)))


def _key_of(document: Document) -> str:
    """The last segment of the document's path, if a member tells it."""
    return next(
        (str(document.state[name]) for name in _KEYS if name in document.state), ""
    )


def _others(document: Document, heading: Heading) -> dict[str, Member]:
    """The members beside the one in the heading."""
    members = document.shape.members
    return {name: members[name] for name in members if name != heading.member}


def _add_heading(place: Element, heading: Heading) -> None:
    if heading.member is None:
        place.text = heading.text
        return
    add_value(put(place, "span"), heading.member, Member.TEXT, heading.text)


def _add_crumbs(header: Element, document: Document, links: Sequence[Placed]) -> None:
    """The way down to the document; the last crumb is the document itself."""
    if not links:
        return
    nav = put(header, "nav", {"aria-label": "You are here"})
    crumbs = put(nav, "ol")
    key = _key_of(document)
    home = document.site.home if document.site else "/"
    for each in sorted(links, key=lambda each: _CRUMBS.index(each.rel)):
        href = each.link.href
        name = "Home" if href == home else place_name(href, key)
        crumb = add_link(put(crumbs, "li"), each, name)
        if each.rel == relations.SELF:
            crumb.set("aria-current", "page")


def _add_searches(place: Element, document: Document) -> None:
    path, _, query = (document.href or "").partition("?")
    for form in document.forms:
        if form.method == "GET":
            # The page tells by its own href what was asked for.
            asked = parse_qsl(query) if form.href == path else []
            add_search(place, form, dict(asked))


def _add_state(
    place: Element, document: Document, members: Mapping[str, Member]
) -> None:
    if _is_counted(members):
        _add_counts(place, document.state)
    elif members:
        add_members(place, document.state, members).set("class", "state")


def _is_counted(members: Mapping[str, Member]) -> bool:
    """Whether the members do nothing but tell how many there are."""
    return _COUNT in members and members.keys() <= _COUNTS


def _add_counts(place: Element, state: Mapping[str, JsonValue]) -> None:
    """How many there are, as a sentence."""
    sentence = put(place, "p", {"class": "counts"}, "Showing ")
    _add_told(sentence, _COUNT, state, Member.NUMBER)
    if _TOTAL in state:
        sentence[-1].tail = " of "
        _add_told(sentence, _TOTAL_KIND, state, Member.TEXT)
        _add_told(sentence, _TOTAL, state, Member.NUMBER)


def _add_told(
    place: Element, name: str, state: Mapping[str, JsonValue], kind: Member
) -> None:
    value = state[name]
    told = put(place, "span", {"data-name": name, "data-kind": kind.value})
    shown = f"{value:,}" if isinstance(value, int) else _KINDS_OF_TOTALS[str(value)]
    put(told, "data", {"value": str(value)}, shown)


_KINDS_OF_TOTALS = {"exact": "", "at_least": "at least "}


def _add_embedded(place: Element, document: Document, level: int, above: str) -> None:
    """Add what is embedded, below headings of the level or deeper."""
    for rel, embedded in document.embedded.items():
        section = put(place, "section", {"data-embedded": rel})
        name = relation_name(rel)
        if isinstance(embedded, Document):
            _add_card(section, embedded, level, name)
            continue
        title = _name_of_several(embedded) or f"{name}s"
        told = {"class": "unseen"} if title == above else {}
        put(section, _heading_tag(level), told, title)
        if not embedded:
            put(section, "p", {"class": "quiet"}, "There is nothing here.")
        cards = put(section, "ol", {"class": "cards"})
        for each in embedded:
            _add_card(put(cards, "li"), each, level + 1)


def _name_of_several(documents: Sequence[Document]) -> str:
    """What the collection is called that all of the documents are from, if one is."""
    links = [each.links.get(relations.COLLECTION) for each in documents]
    hrefs = {each.href for each in links if isinstance(each, Link)}
    return place_name(hrefs.pop()) if len(hrefs) == 1 else ""


def _heading_tag(level: int) -> str:
    return f"h{min(level, _DEEPEST)}"


def _add_card(
    place: Element, document: Document, level: int, otherwise: str = ""
) -> None:
    """Add an embedded document: the most telling of it, all else folded away.

    One that stands alone is called `otherwise` if nothing in it tells its name.
    """
    card = put(place, "article", {"data-document": ""})
    heading = _heading_of(document, otherwise)
    links = list(flat(document.links))
    _add_card_title(put(card, _heading_tag(level)), heading, links)
    others = _others(document, heading)
    state = document.state
    if _is_counted(others):
        _add_state(card, document, others)
        others = {}
    facts = _facts_of(state, others, heading)
    if facts:
        add_members(card, state, facts).set("class", "facts")
    rest = {name: kind for name, kind in others.items() if name not in facts}
    inside = card
    if rest or links:
        folded = put(card, "details")
        put(folded, "summary", text="More")
        if rest:
            add_members(folded, state, rest).set("class", "state")
        add_links(folded, links, "links")
        # In a list, what is inside of each would hide how it goes on.
        inside = card if otherwise else folded
    _add_embedded(inside, document, level + 1, heading.text)


def _add_card_title(title: Element, heading: Heading, links: list[Placed]) -> None:
    """Let the title lead to the document itself, by a link that is taken away."""
    place = title
    for each in links:
        if each.rel == relations.SELF and not each.link.templated:
            links.remove(each)
            place = add_link(title, each, "")
            break
    _add_heading(place, heading)


def _facts_of(
    state: Mapping[str, JsonValue], members: Mapping[str, Member], heading: Heading
) -> dict[str, Member]:
    """The first plain members with a value, and the key; long texts come last.

    The key is among them if the heading does not tell it.
    """
    plain = (
        name
        for name, kind in members.items()
        if kind in _PLAIN and state[name] is not None and name not in _KEYS
    )
    names = list(islice(plain, _FACTS))
    if heading.member is not None:
        names += [name for name in _KEYS if name in members]
    names.sort(key=lambda name: len(str(state[name])) > _SHORT)
    return {name: members[name] for name in names}


def _add_pager(place: Element, links: Sequence[Placed]) -> None:
    if not links:
        return
    nav = put(place, "nav", {"aria-label": "Pages"})
    pages = put(nav, "ul", {"class": "pager"})
    for rel, word in _PAGER.items():
        for each in links:
            if each.rel == rel:
                add_link(put(pages, "li"), each, word)


def _add_directions(place: Element, document: Document) -> None:
    """Add the links to what is beside or below; they are all there is of a map."""
    links = [each for each in flat(document.links) if _is_direction(each, document)]
    if not links:
        return
    nav = put(place, "nav", {"aria-labelledby": "directions"})
    is_map = not document.state and not document.embedded
    put(nav, "h2", {"id": "directions"}, "Where to go" if is_map else "See also")
    entries = add_links(nav, links, "map" if is_map else "ways")
    if is_map:
        for entry, each in zip(entries, links, strict=True):
            put(entry, "small", text=meaning_of(each.rel))


def _is_direction(placed: Placed, document: Document) -> bool:
    """Whether a link leads people somewhere, now and not only by a form."""
    rel, link = placed
    is_step = any(
        each.method == "PUT" and each.href == link.href for each in document.forms
    )
    is_ours = rel.startswith(f"{relations.PREFIX}:") and not link.templated
    is_for_people = rel in (relations.RELATED, relations.SERVICE_DOC)
    return is_for_people or (is_ours and not is_step)


def _add_footer(body: Element, document: Document) -> None:
    """Add all other links: other formats, and what programs go by."""
    footer = put(body, "footer")
    rest = [
        each
        for each in flat(document.links)
        if each.rel not in _CRUMBS
        and each.rel not in _PAGER
        and not _is_direction(each, document)
    ]
    formats = [each for each in rest if each.rel == relations.ALTERNATE]
    if formats:
        nav = put(footer, "nav", {"aria-label": "Other formats"})
        put(nav, "span", text="Also as")
        add_links(nav, formats, "formats")
    others = [each for each in rest if each.rel != relations.ALTERNATE]
    add_for_programs(footer, others)
