"""Forms of HTML: every request that may be sent now, without a script.

A form of HTML knows GET and POST; another method travels as a POST with the hidden
field `_method`, a change of what stands carries its tag in `_etag`, and `_back` tells
where people want to be afterwards.
"""

import re
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

import msgspec

from api.formats.html_parts import NONE, put
from api.hypermedia.document import Field, Form, Option

METHOD, ETAG, BACK = "_method", "_etag", "_back"
"""The names of the hidden fields."""

Faults = Mapping[str, Sequence[str]]
"""What is wrong with the fields of a form, by their names."""

_CHANGES = frozenset({"PUT", "PATCH", "DELETE"})
_WORDS = {"GET": "Search", "POST": "Create", "PUT": "Save", "PATCH": "Save"}
_NO_FAULTS: Faults = {}
_FEW = 4
_LONG = 1000
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


def add_forms(place: Element, forms: Sequence[Form], etag: str, level: int) -> None:
    """Show the forms below headings of the level; all but the likeliest are folded."""
    is_likely = True
    for form in forms:
        is_last = form.method == "DELETE"
        if is_likely and not is_last and len(form.fields) <= _FEW:
            act = put(place, "section", {"class": "act"})
            # Where there is nothing to fill in, the button says it all.
            if form.fields:
                put(act, f"h{level}", text=form.title)
        else:
            act = put(place, "details", {"class": "act danger" if is_last else "act"})
            put(put(act, "summary"), f"h{level}", text=form.title)
        if is_last:
            put(act, "p", text="There is no way back.")
        add_form(act, form, etag)
        is_likely = is_likely and not form.fields


def add_form(
    place: Element, form: Form, etag: str, faults: Faults = _NO_FAULTS
) -> None:
    """Add the form with all its fields, and what is wrong beside each."""
    element = _form(place, form, etag)
    for field in form.fields:
        _add_field(element, form, field, faults.get(field.name, ()))
    is_edit = form.method != "PUT" or form.back in (None, form.href)
    word = _WORDS.get(form.method) if form.fields and is_edit else None
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
    for each in words:
        line = put(search, "div", {"class": "words"})
        _add_field(line, form, msgspec.structs.replace(each, prompt=form.title))
        put(line, "button", text=_WORDS["GET"])
    if not others:
        return
    folded = put(search, "details")
    told = "Filters and order" if words else form.title
    used = [each.prompt for each in others if asked.get(each.name)]
    put(folded, "summary", text=": ".join([told, *[", ".join(used)] * bool(used)]))
    filters = put(folded, "div", {"class": "filters"})
    for each in others:
        _add_field(filters, form, each)
    put(folded, "button", text="Apply" if words else _WORDS["GET"])


def field_id(form: Form, name: str) -> str:
    """The id of a field's control, which fragments of hrefs can lead to."""
    return f"{form.name}-{name}"


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
    if form.back:
        _add_hidden(element, BACK, form.back)
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
    control = {"id": key, "name": field.name}
    notes = [f"{key}-source"] * bool(field.source) + [f"{key}-fault"] * bool(faults)
    if notes:
        control["aria-describedby"] = " ".join(notes)
    if faults:
        control["aria-invalid"] = "true"
    _add_control(row, form, field, control)
    if field.source is not None:
        note = put(row, "p", {"class": "note", "id": f"{key}-source"})
        # A template's variables stand behind its path.
        href = field.source.href.partition("{")[0]
        told = {"href": href, "target": "_blank"}
        put(note, "a", told, f"Look up the {field.source.value}")
    if faults:
        put(row, "p", {"class": "fault", "id": f"{key}-fault"}, " ".join(faults))


def _add_control(
    row: Element, form: Form, field: Field, told: Mapping[str, str]
) -> None:
    if field.options:
        _add_select(row, field, told)
    elif _is_long(form, field):
        is_short = not field.several and field.longest == _LONG
        attributes = {
            **told,
            **_constraints(field, "textarea"),
            "rows": "1" if is_short else "4",
        }
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
        put(select, "option", {"value": ""}, NONE)
    for each in options:
        attributes = {"value": str(each.value)}
        if each.value == value:
            attributes["selected"] = ""
        put(select, "option", attributes, str(each.prompt))
