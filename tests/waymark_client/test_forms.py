"""Forms: what they show, what they refuse, and how they are sent."""

import json
from urllib.parse import parse_qsl

import pytest

from tests.waymark_client.scripted import Scripted, client_of, hal, links
from waymark_client import InvalidForm

URLENCODED = "application/x-www-form-urlencoded"


def form_of(*properties, content_type=URLENCODED, method="POST", **told):
    """The only form of a document, and the server it is sent to."""
    template = {"method": method, "properties": list(properties), **told}
    if content_type:
        template["contentType"] = content_type
    document = {**links(self="/api/t"), "_templates": {"default": template}}
    server = Scripted(
        {
            "GET /api/t": hal(document, etag='"1-json"'),
            f"{method} /api/t": hal(document, etag='"1-json"'),
            f"{method.upper()} /api/made": hal({"made": True}),
            "GET /api/choices?q=em": hal(
                {"_embedded": {"item": [{"id": 7, "title": "Emma"}]}}
            ),
            "GET /api/options": hal({"options": ["a", "b"]}),
        }
    )
    return client_of(server).read("t").form(), server


def prop(name="x", **told):
    return {"name": name, **told}


@pytest.mark.parametrize(
    ("told", "value", "code"),
    [
        ({"required": True}, None, "required"),
        ({"required": True}, "", "required"),
        ({"minLength": 2}, "a", "minLength"),
        ({"maxLength": 2}, "abc", "maxLength"),
        ({"regex": "[a-z]+"}, "a1", "regex"),
        ({"regex": r"\d"}, "٣", "regex"),
        ({"type": "number"}, "many", "type"),
        ({"type": "number"}, "NaN", "type"),
        ({"type": "number", "min": 1}, 0, "min"),
        ({"type": "number", "max": 5}, "6", "max"),
        ({"type": "number", "step": 1}, 1.5, "step"),
        ({"type": "date"}, "yesterday", "type"),
        ({"type": "email"}, "nobody", "type"),
        ({"readOnly": True, "value": "a"}, "b", "readOnly"),
        ({"options": {"inline": ["a", {"prompt": "B", "value": "b"}]}}, "B", "options"),
    ],
)
def test_a_value_that_breaks_the_form_is_refused_before_it_is_sent(told, value, code):
    form, server = form_of(prop(**told))
    with pytest.raises(InvalidForm) as refused:
        form.submit(x=value)
    assert [each.code for each in refused.value.faults] == [code]
    assert refused.value.faults[0].pointer == "/x"
    assert server.asked == ["GET /api/t"]


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ({"regex": "(?<odd"}, "anything"),
        ({"type": "date"}, "2026-11-21"),
        ({"type": "email"}, "ada@example.org"),
        ({"type": "number", "min": 1, "step": 2, "max": 5}, 3),
        ({"type": "number", "step": 0.01, "max": 99}, "12.90"),
        ({"readOnly": True, "value": "a"}, "a"),
        ({"options": {"inline": ["a", "b"]}}, "b"),
    ],
)
def test_a_value_that_keeps_to_the_form_is_sent(told, value):
    form, server = form_of(prop(**told))
    form.submit(x=value)
    assert parse_qsl(server.requests[-1].content.decode()) == [("x", str(value))]


def test_every_fault_is_told_at_once():
    form, _ = form_of(prop("a", required=True), prop("b", maxLength=1))
    with pytest.raises(InvalidForm, match="/zz: the form has no such field: a, b; /a"):
        form.submit(b="long", zz=1)


def test_what_the_form_shows_is_sent_along_and_blanks_are_not():
    form, server = form_of(prop("a", value="kept"), prop("b", value="old"), prop("c"))
    form.submit({"b": None})
    assert server.requests[-1].content == b"a=kept"


def test_values_become_texts_as_forms_send_them():
    several = {"inline": ["1", "2", "3"], "selectedValues": ["3"]}
    form, server = form_of(
        prop("lines"), prop("flag"), prop("several", options=several)
    )
    form.submit(lines=["a", "b"], flag=False, several=["1", "2"])
    sent = parse_qsl(server.requests[-1].content.decode())
    assert sent == [
        ("lines", "a\nb"),
        ("flag", "false"),
        ("several", "1"),
        ("several", "2"),
    ]


def test_json_is_sent_as_json_and_is_the_default():
    form, server = form_of(
        prop("n", type="number", value="3"), prop("t", value="4"), content_type=None
    )
    form.submit()
    assert json.loads(server.requests[-1].content) == {"n": 3, "t": "4"}
    assert server.requests[-1].headers["content-type"] == "application/json"


def test_a_content_type_that_no_form_has_is_taken_for_json():
    form, server = form_of(prop("t", value="4"), content_type="multipart/form-data")
    form.submit()
    assert server.requests[-1].headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_form_that_changes_the_document_carries_its_tag(method):
    form, server = form_of(method=method)
    form.submit()
    assert server.requests[-1].headers["if-match"] == '"1-json"'


def test_a_form_that_aims_elsewhere_carries_none():
    form, server = form_of(method="put", target="made")
    assert form.submit(prefer="return=representation").state == {"made": True}
    assert "if-match" not in server.requests[-1].headers
    assert server.requests[-1].headers["prefer"] == "return=representation"


def test_a_form_that_searches_puts_its_values_into_the_query():
    form, server = form_of(prop("q"), method="GET", target="/api/choices")
    form.submit(q="em")
    assert server.asked[-1] == "GET /api/choices?q=em"


def test_what_can_be_chosen_is_found_where_the_form_says():
    link = {"href": "/api/choices{?q}", "templated": True}
    told = {"link": link, "promptField": "title", "valueField": "id"}
    form, _ = form_of(
        prop("book", options=told),
        prop("kind", options={"inline": ["a"]}),
        prop("other", options={"link": {"href": "options"}}),
    )
    [emma] = form.options("book", q="em")
    assert (emma.prompt, emma.value) == ("Emma", 7)
    assert [each.value for each in form.options("kind")] == ["a"]
    assert [each.value for each in form.options("other")] == ["a", "b"]


def test_fields_tell_what_people_call_them():
    form, _ = form_of(prop("a", prompt="The A"), {"no": "name"})
    assert {name: each.prompt for name, each in form.fields.items()} == {"a": "The A"}
