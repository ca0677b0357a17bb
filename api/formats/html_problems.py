"""Problems (RFC 9457) as pages for people, with the form to be sent again.

Members stand in the page as those of a document do.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from api.formats.html_forms import add_form, field_id
from api.formats.html_parts import (
    add_for_programs,
    add_links,
    add_members,
    add_value,
    flat,
    new_page,
    put,
    written,
)
from api.hypermedia.document import (
    UNCARRIED,
    Difference,
    Form,
    JsonValue,
    Member,
    Problem,
)

_ERRORS = "errors"


def render_html_problem(problem: Problem) -> bytes:
    """The problem as a page of HTML in UTF-8."""
    members = {name: problem.members[name] for name in problem.members}
    faults = _faults_in(members.pop(_ERRORS, None))
    title = str(members.get("title", "Problem"))
    page, body, _header = new_page(title, problem.site)
    main = put(body, "main", {"id": "content"})
    content = put(main, "div", {"class": "content problem"})
    _add_said(put(content, "p", {"class": "status"}), members, "status")
    _add_said(put(content, "h1"), members, "title")
    _add_said(put(content, "p", {"class": "detail"}), members, "detail")
    _add_faults(content, faults, problem.form)
    _add_differences(content, problem.differences)
    if problem.form is not None:
        again = put(content, "section", {"class": "act"})
        put(again, "h2", text=problem.form.title)
        add_form(again, problem.form, problem.etag, _by_field(faults))
    _add_ways_out(content, problem, members.get("type"))
    footer = put(body, "footer")
    kinds = {name: _kind_of(value) for name, value in members.items()}
    add_members(footer, members, kinds).set("class", "facts")
    links = flat(problem.links)
    add_for_programs(footer, [each for each in links if each.link.templated])
    # A problem may name what was refused, even what HTML has no way to carry.
    return UNCARRIED.sub("\N{REPLACEMENT CHARACTER}", written(page)).encode()


def _add_said(place: Element, members: dict[str, JsonValue], name: str) -> None:
    """Let the place say the member, which is taken out."""
    value = members.pop(name, None)
    if value is not None:
        add_value(place, name, _kind_of(value), value)


def _kind_of(value: JsonValue) -> Member:
    if isinstance(value, str):
        return Member.TEXT
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Member.FREE
    return Member.NUMBER


def _faults_in(errors: JsonValue) -> list[Mapping[str, Any]]:
    return (
        [each for each in errors if isinstance(each, dict)]
        if isinstance(errors, list)
        else []
    )


def _add_faults(
    place: Element, faults: Sequence[Mapping[str, Any]], form: Form | None
) -> None:
    """Add each fault, with a link to its field if it has one."""
    if not faults:
        return
    entries = put(place, "ul", {"class": "faults"})
    names = {each.name for each in form.fields} if form else set()
    for fault in faults:
        where = fault.get("pointer", fault.get("parameter"))
        told = {f"data-{name}": str(value) for name, value in fault.items()}
        entry = put(entries, "li", told)
        name = _member_in(fault)
        if form is not None and name in names:
            put(entry, "a", {"href": f"#{field_id(form, name)}"}, str(where))
        elif where is not None:
            put(entry, "code", text=str(where))
        put(entry, "span", text=str(fault.get("detail", "")))


def _member_in(fault: Mapping[str, Any]) -> str:
    """The member at fault: of `/subjects/0` it is `subjects`."""
    segments = str(fault.get("pointer", "")).split("/")
    return segments[1] if len(segments) > 1 else ""


def _by_field(faults: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in faults:
        found.setdefault(_member_in(each), []).append(str(each.get("detail", "")))
    return found


def _add_differences(place: Element, differences: Sequence[Difference]) -> None:
    """Add a table of what the sender wants, and what is there now."""
    if not differences:
        return
    section = put(place, "section", {"aria-labelledby": "differences"})
    put(section, "h2", {"id": "differences"}, "What differs")
    put(
        section,
        "p",
        text="It was changed since you opened the form. Compare both versions, correct "
        "yours below, and send it again: it then replaces what is there now.",
    )
    table = put(section, "table")
    row = put(put(table, "thead"), "tr")
    for heading in ("Member", "Yours", "There now"):
        put(row, "th", {"scope": "col"}, heading)
    rows = put(table, "tbody")
    for each in differences:
        row = put(rows, "tr")
        put(row, "th", {"scope": "row"}, each.prompt)
        put(row, "td", {"data-label": "Yours"}, each.wanted)
        put(row, "td", {"data-label": "There now"}, each.present)


def _add_ways_out(place: Element, problem: Problem, described: JsonValue) -> None:
    """Add the links that can be followed, and one to what is `described`."""
    nav = put(place, "nav", {"aria-labelledby": "ways"})
    put(nav, "h2", {"id": "ways"}, "Ways out")
    links = [each for each in flat(problem.links) if not each.link.templated]
    entries = add_links(nav, links, "ways")
    if isinstance(described, str):
        put(put(entries, "li"), "a", {"href": described}, "What this problem means")
