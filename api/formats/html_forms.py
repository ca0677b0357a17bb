"""Forms of HTML: every request that may be sent now, without a script.

A form of HTML knows GET and POST; another method travels as a POST with the hidden
field `_method`, and a change of what stands carries its tag in `_etag`.
"""

import re
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement

import msgspec

from api.hypermedia.document import Field, Form, Option

METHOD, ETAG = "_method", "_etag"
"""The names of the hidden fields."""

Faults = Mapping[str, Sequence[str]]
"""What is wrong with the fields of a form, by their names."""

_CHANGES = frozenset({"PUT", "PATCH", "DELETE"})
_WORDS = {"GET": "Search", "POST": "Create", "PUT": "Save", "PATCH": "Save"}
_NO_FAULTS: Faults = {}
_NO_ATTRIBUTES: Mapping[str, str] = {}
_FEW = 4
_LONG = 1000
_PAGING = frozenset({"limit", "cursor", "sort", "fields", "embed"})
_LENGTHS = ("minlength", "maxlength", "placeholder")
_ALLOWED: Mapping[str, frozenset[str]] = {
    "select": frozenset({"required"}),
    "textarea": frozenset({"required", *_LENGTHS}),
    "number": frozenset({"required", "min", "max", "step", "placeholder"}),
    "date": frozenset({"required"}),
    "text": frozenset({"required", "pattern", "title", *_LENGTHS}),
}
"""Which attributes a control takes; what is not listed takes those of a text."""
# A browser empties these inputs if their value is no such thing.
_WELL_FORMED = {
    "number": re.compile(r"-?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?"),
    "date": re.compile(r"[0-9]{4,}-[0-9]{2}-[0-9]{2}"),
}


def put(
    place: Element,
    tag: str,
    attributes: Mapping[str, str] = _NO_ATTRIBUTES,
    text: str | None = None,
) -> Element:
    """A new element at the end of the place."""
    element = SubElement(place, tag, dict(attributes))
    element.text = text
    return element


def add_forms(place: Element, forms: Sequence[Form], etag: str, level: int) -> None:
    """Show the forms below headings of the level; the likeliest, if short, is open."""
    for number, form in enumerate(forms):
        is_open = number == 0 and form.method != "DELETE"
        if is_open and len(form.fields) <= _FEW:
            _add_act(put(place, "section", {"class": "act"}), form, etag, level)
            continue
        classes = "act danger" if form.method == "DELETE" else "act"
        folded = put(place, "details", {"class": classes})
        summary = put(folded, "summary")
        put(summary, f"h{level}", text=form.title)
        if form.method == "DELETE":
            put(folded, "p", text="There is no way back.")
        add_form(folded, form, etag)


def add_form(
    place: Element, form: Form, etag: str, faults: Faults = _NO_FAULTS
) -> None:
    """Add the form with all its fields, and what is wrong beside each."""
    element = _form(place, form, etag)
    for field in form.fields:
        _add_field(element, form, field, faults.get(field.name, ()))
    word = _WORDS.get(form.method) if form.fields else None
    put(element, "button", text=word or form.title)


def add_search(place: Element, form: Form, asked: Mapping[str, str]) -> None:
    """Add a form that searches, filled with what was `asked` last.

    A field for words stands first; all the others are folded away.
    """
    fields = [
        msgspec.structs.replace(each, value=asked.get(each.name, each.value))
        for each in form.fields
    ]
    words = [each for each in fields if each.type == "search"]
    others = [each for each in fields if each.type != "search"]
    search = _form(place, form, "")
    search.set("role", "search")
    search.set("aria-label", form.title)
    if words:
        line = put(search, "div", {"class": "words"})
        for each in words:
            _add_field(line, form, each)
        put(line, "button", text=_WORDS["GET"])
    if not others:
        return
    is_filtered = any(asked.get(each.name) for each in others if is_filter(each.name))
    folded = put(search, "details", {"open": ""} if is_filtered else _NO_ATTRIBUTES)
    put(folded, "summary", text="Filters and order" if words else form.title)
    filters = put(folded, "div", {"class": "filters"})
    for each in others:
        _add_field(filters, form, each)
    put(folded, "button", text="Apply" if words else _WORDS["GET"])


def is_filter(parameter: str) -> bool:
    """Whether a parameter of a query lets some members through only."""
    return parameter not in _PAGING


def field_id(form: Form, name: str) -> str:
    """The id of a field's control, which fragments of hrefs can lead to."""
    return f"{form.name}-{name}"


def _add_act(place: Element, form: Form, etag: str, level: int) -> None:
    # Where there is nothing to fill in, the button says it all.
    if form.fields:
        put(place, f"h{level}", text=form.title)
    add_form(place, form, etag)


def _form(place: Element, form: Form, etag: str) -> Element:
    method = "get" if form.method == "GET" else "post"
    told = {"method": method, "action": form.href, "data-form": form.name}
    if form.method == "DELETE":
        told["data-confirm"] = f"{form.title}?"
    element = put(place, "form", told)
    if form.method in _CHANGES:
        _add_hidden(element, METHOD, form.method)
        if etag:
            _add_hidden(element, ETAG, etag)
    return element


def _add_hidden(form: Element, name: str, value: str) -> None:
    # Firefox would put an old tag back when a page is loaded again.
    told = {"type": "hidden", "name": name, "value": value, "autocomplete": "off"}
    put(form, "input", told)


def _add_field(
    place: Element, form: Form, field: Field, faults: Sequence[str] = ()
) -> None:
    key = field_id(form, field.name)
    row = put(place, "div", {"class": "field"})
    label = put(row, "label", {"for": key}, field.prompt)
    if field.is_required:
        label.text = f"{field.prompt} "
        put(label, "small", text="required")
    told = {"id": key, "name": field.name}
    notes = [f"{key}-source"] * bool(field.source) + [f"{key}-fault"] * bool(faults)
    if notes:
        told["aria-describedby"] = " ".join(notes)
    if faults:
        told["aria-invalid"] = "true"
    _add_control(row, form, field, told)
    if field.source is not None:
        note = put(row, "p", {"class": "note", "id": f"{key}-source"})
        # A template's variables stand behind its path.
        href = field.source.href.partition("{")[0]
        text = f"Find the {field.prompt.lower()}\N{RIGHT SINGLE QUOTATION MARK}s {field.source.value}"
        put(note, "a", {"href": href, "target": "_blank"}, text)
    if faults:
        put(row, "p", {"class": "fault", "id": f"{key}-fault"}, " ".join(faults))


def _add_control(
    row: Element, form: Form, field: Field, told: Mapping[str, str]
) -> None:
    if field.options:
        _add_select(row, field, told)
    elif _is_long(form, field):
        lines = "4" if field.several or (field.longest or _LONG + 1) > _LONG else "1"
        attributes = {**told, **_constraints(field, "textarea"), "rows": lines}
        area = put(row, "textarea", attributes)
        # A parser drops the first line break.
        area.text = f"\n{field.value or ''}"
    else:
        kind = _input_type(field)
        attributes = {**told, "type": kind, **_constraints(field, kind)}
        if field.value is not None:
            attributes["value"] = field.value
        put(row, "input", attributes)


def _is_long(form: Form, field: Field) -> bool:
    """Whether a value may be long, or have several lines."""
    if field.several:
        return True
    if field.type != "text":
        return False
    if "\n" in (field.value or "") or "\r" in (field.value or ""):
        return True
    is_free = field.longest is None and field.pattern is None and form.method != "GET"
    return is_free or (field.longest or 0) >= _LONG


def _input_type(field: Field) -> str:
    """The type of the input, which must not lose what was typed."""
    shape = _WELL_FORMED.get(field.type)
    is_lost = shape and field.value and not shape.fullmatch(field.value)
    return "text" if is_lost else field.type


def _constraints(field: Field, control: str) -> dict[str, str]:
    """What the field must be, as far as the control can tell its reader."""
    example = field.placeholder
    told = {
        "required": "" if field.is_required else None,
        "pattern": field.pattern,
        # Browsers show it where the pattern does not fit.
        "title": f"Such as {example}" if field.pattern and example else None,
        "min": field.low,
        "max": field.high,
        "step": field.step,
        "minlength": field.shortest,
        "maxlength": field.longest,
        "placeholder": example,
    }
    allowed = _ALLOWED.get(control, _ALLOWED["text"])
    return {
        name: str(value)
        for name, value in told.items()
        if value is not None and name in allowed
    }


def _add_select(row: Element, field: Field, told: Mapping[str, str]) -> None:
    options = list(field.options)
    value = field.value
    if value and all(each.value != value for each in options):
        options.insert(0, Option(value, value))
    select = put(row, "select", {**told, **_constraints(field, "select")})
    if not (field.is_required and value):
        put(select, "option", {"value": ""})
    for each in options:
        attributes = {"value": str(each.value)}
        if each.value == value:
            attributes["selected"] = ""
        put(select, "option", attributes, str(each.prompt))
