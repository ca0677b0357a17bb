"""What a document says is the same in every format, and read back equal."""

import json
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields

from api.documents import KINDS
from api.formats.hal import indented, render_hal
from api.formats.hal import render_problem as render_json_problem
from api.formats.xml import escaped, quoted, render_problem, render_xml
from api.hypermedia.document import NOTHING, Document, Link, Member, Problem, Shape
from api.protocol.negotiation import negotiate
from api.protocol.xml_bodies import parse_xml
from schemas.base import Text, compiled_dumper, is_carried
from tests.client import SEVERAL

CARRIED = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=6).filter(
    is_carried
)
MARKED = st.text(st.sampled_from("a\"'<>&;\n\t\r é]"), max_size=8)
TEXTS = CARRIED | MARKED
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(
    allow_nan=False, allow_infinity=False
)
AMOUNTS = st.integers(0, 10**12).map(lambda value: f"{value // 100}.{value % 100:02}")
FREE = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(TEXTS, each, max_size=3),
    max_leaves=5,
)
VALUES = {
    Member.TEXT: st.none() | TEXTS,
    Member.TIME: st.none() | st.just("2026-11-21T08:00:00.000000Z"),
    Member.NUMBER: st.none() | NUMBERS,
    Member.MONEY: st.none() | AMOUNTS,
    Member.BOOLEAN: st.none() | st.booleans(),
    Member.TEXTS: st.none() | st.lists(TEXTS, max_size=3),
    Member.FREE: FREE,
}
SHAPE = Shape({kind.value: kind for kind in Member})
STATES = st.fixed_dictionaries({kind.value: VALUES[kind] for kind in Member})
MEDIA_TYPES = st.sampled_from(["application/hal+json", "text/csv"])
HREFS = st.from_regex(r"/[a-z0-9/?&=%.;:@!$'()*-]{0,12}", fullmatch=True)
OPTIONAL = {"type": MEDIA_TYPES, "name": TEXTS, "title": TEXTS}
LINKS = st.builds(
    Link,
    HREFS,
    st.booleans(),
    **{name: st.none() | each.filter(bool) for name, each in OPTIONAL.items()},
)
SINGLE = st.sampled_from(["up", "next", "search", "wm:reviews", "collection"])
LISTED = st.sampled_from(sorted(SEVERAL))
EMBEDDED = st.sampled_from(["wm:reviews", "wm:author"])


def some(names, values):
    return st.dictionaries(names, values, max_size=2)


def documents(inner=None):
    """Documents, with those of `inner` embedded."""
    links = st.builds(
        lambda own, single, several: {"self": own, **single, **several},
        st.builds(Link, HREFS),
        some(SINGLE, LINKS),
        some(LISTED, st.lists(LINKS, min_size=1, max_size=2)),
    )
    embedded = st.just({})
    if inner is not None:
        several = some(LISTED, st.lists(inner, min_size=1, max_size=2))
        embedded = st.builds(dict.__or__, some(EMBEDDED, inner), several)
    return st.builds(
        lambda state, *rest: Document(*state, *rest),
        STATES.map(lambda state: (state, SHAPE)) | st.just(({}, NOTHING)),
        links,
        embedded,
    )


DOCUMENTS = documents(documents(documents()))


def plain(document):
    """The document as values that compare, whatever it was read from."""
    return {
        "state": dict(document.state),
        "links": {
            rel: _each(plain_link, target) for rel, target in document.links.items()
        },
        "embedded": {
            rel: _each(plain, inner) for rel, inner in document.embedded.items()
        },
    }


def plain_link(link):
    names = ("href", "templated", "type", "name", "title")
    return {name: getattr(link, name) for name in names if getattr(link, name)}


def _each(function, target):
    if isinstance(target, list):
        return [function(each) for each in target]
    return function(target)


def from_hal(resource):
    """What HAL's JSON says, in the same values."""
    members = dict(resource)
    links = members.pop("_links")
    embedded = members.pop("_embedded", {})
    return {
        "state": members,
        "links": links,
        "embedded": {rel: _each(from_hal, inner) for rel, inner in embedded.items()},
    }


def from_xml(element, shape):
    """What HAL's XML says, in the same values; `SEVERAL` tells which are lists."""
    links = {"self": {"href": element.get("href")}}
    embedded, members = {}, ET.Element("resource")
    for child in element:
        if child.tag == "link":
            values = dict(child.attrib)
            rel = values.pop("rel")
            if "templated" in values:
                values["templated"] = values["templated"] == "true"
            _add(links, rel, values)
        elif child.tag == "resource":
            inner_shape = (
                SHAPE if child.find(Member.TEXT.value) is not None else NOTHING
            )
            _add(embedded, child.get("rel"), from_xml(child, inner_shape))
        else:
            members.append(child)
    # ElementTree leaves a carriage return as it is, which the next parser would lose.
    text = ET.tostring(members).replace(b"\r", b"&#13;")
    state = parse_xml(text, shape)
    return {"state": state, "links": links, "embedded": embedded}


def _add(found, rel, value):
    if rel in SEVERAL:
        found.setdefault(rel, []).append(value)
    else:
        assert rel not in found
        found[rel] = value


def exact(value):
    """The value as text in which 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


@given(DOCUMENTS)
@settings(deadline=None, max_examples=60)
def test_hal_as_json_says_all_of_a_document(document):
    assert exact(from_hal(json.loads(render_hal(document)))) == exact(plain(document))


@given(DOCUMENTS)
@settings(deadline=None, max_examples=60)
def test_hal_as_xml_says_all_of_a_document(document):
    found = from_xml(ET.fromstring(render_xml(document)), document.shape)
    assert exact(found) == exact(plain(document))


@given(STATES)
@settings(deadline=None, max_examples=100)
def test_a_state_sent_back_as_xml_is_the_same(state):
    document = Document(state, SHAPE, {"self": Link("/a?b=c&d=e")})
    assert exact(parse_xml(render_xml(document), SHAPE)) == exact(state)


@given(DOCUMENTS, st.integers(1, 8))
@settings(deadline=None, max_examples=50)
def test_indentation_changes_nothing_but_white_space(document, indent):
    text = render_hal(document)
    pretty = indented(text, indent)
    assert json.loads(pretty) == json.loads(text)
    assert pretty.endswith(b"}\n")
    assert negotiate(f"application/json;indent={indent}").render(document) == pretty


def test_xml_knows_no_indentation():
    document = Document({}, NOTHING, {})
    variant = negotiate("application/xml;indent=2")
    assert variant.render(document) == render_xml(document)


def rows_of(kind):
    """Random rows as the database gives them, with every column, nulls too."""
    worth = {
        Member.TEXT: st.none() | TEXTS,
        Member.TIME: st.none() | TEXTS,
        Member.NUMBER: st.none() | st.integers(),
        Member.MONEY: st.none() | AMOUNTS,
        Member.BOOLEAN: st.none() | st.booleans(),
        Member.TEXTS: st.none() | st.lists(TEXTS, max_size=3),
        Member.FREE: FREE,
    }
    members = kind.shape.members
    return st.fixed_dictionaries(
        {
            column.name: worth[members.get(column.name, Member.NUMBER)]
            for column in kind.model.table.c
        }
    )


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in KINDS])
@given(st.data())
@settings(deadline=None, max_examples=50)
def test_a_compiled_dumper_gives_what_the_schema_gives(kind, data):
    row = data.draw(rows_of(kind))
    dumped = kind.dump([row[column.name] for column in kind.model.shown])
    assert exact(dumped) == exact(kind.schema.dump(SimpleNamespace(**row)))


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in KINDS])
def test_a_dump_has_the_members_of_the_shape_in_its_order(kind):
    row = [None] * len(kind.model.shown)
    assert list(kind.dump(row)) == list(kind.shape.members)
    stamps = [each for each in kind.shape.members if each in ("created", "updated")]
    assert list(kind.shape.members)[-len(stamps) :] == stamps


def test_a_field_of_another_class_keeps_its_own_way_to_dump():
    class Priced(Schema):
        price = fields.Decimal(as_string=True)
        name = Text(data_key="title")

    dump = compiled_dumper(Priced(), {"price": 2, "name": 0})
    assert dump(("a", "unseen", "1.50")) == {"price": "1.50", "title": "a"}


def test_a_column_beyond_the_last_shown_is_left_out():
    class Named(Schema):
        name = Text()

    assert compiled_dumper(Named(), {"name": 0})(("a", "b", "c")) == {"name": "a"}


def test_a_sparse_shape_writes_only_its_members():
    shape = SHAPE.only(frozenset({"text", "number"}))
    document = Document({"text": "a", "number": 1, "free": {}}, shape, {})
    assert b"<text>a</text><number>1</number></resource>" in render_xml(document)


@pytest.mark.parametrize("name", ["a-b", "1a", "a b", "<x"])
def test_a_member_whose_name_is_no_element_is_our_fault(name):
    document = Document({name: 1}, Shape({name: Member.NUMBER}), {})
    with pytest.raises(ValueError, match="XML element"):
        render_xml(document)


def test_a_document_without_self_has_no_href():
    document = Document({}, NOTHING, {"self": [Link("/")]})
    assert document.href is None
    assert b"<resource>" in render_xml(document)


@given(TEXTS)
@settings(deadline=None, max_examples=100)
def test_escaped_text_is_read_as_it_was(text):
    xml = f'<a b="{quoted(text)}">{escaped(text)}</a>'
    found = ET.fromstring(xml)
    assert (found.get("b"), found.text or "") == (text, text)


PROBLEM = {
    "type": "/problems/x",
    "status": 400,
    "detail": 'A "<&>" \x00\ud800 b',
    "errors": [{"pointer": "/a", "detail": "b"}, {"parameter": "c\n"}],
    "available": ["a/b", "c/d"],
}
WAYS_OUT = {"up": Link("/?a=b&c"), "related": [Link("/1"), Link("/2")]}


def test_a_problem_as_xml_stands_in_the_namespace_of_its_rfc():
    root = ET.fromstring(render_problem(Problem(PROBLEM, WAYS_OUT)))
    space = "{urn:ietf:rfc:7807}"
    assert root.tag == f"{space}problem"
    assert root.findtext(f"{space}status") == "400"
    assert root.findtext(f"{space}detail") == 'A "<&>" \ufffd\ufffd b'
    assert [each.text for each in root.find(f"{space}available")] == ["a/b", "c/d"]
    errors = root.findall(f"{space}errors/{space}i")
    assert errors[0].findtext(f"{space}pointer") == "/a"
    links = [(each.get("rel"), each.get("href")) for each in root.iter(f"{space}link")]
    assert links == [("up", "/?a=b&c"), ("related", "/1"), ("related", "/2")]


def test_a_problem_as_json_is_itself():
    members = PROBLEM | {"detail": 'A "<&>"'}
    assert json.loads(render_json_problem(Problem(members, {}))) == members
    links = json.loads(render_json_problem(Problem(members, WAYS_OUT)))["_links"]
    assert links == {
        "up": {"href": "/?a=b&c"},
        "related": [{"href": "/1"}, {"href": "/2"}],
    }


@pytest.mark.parametrize(
    ("render", "text"),
    [
        pytest.param(render_problem, "\x00\x1f\x7f\ud800\ufffe\uffff", id="XML"),
        pytest.param(render_json_problem, "\x00\x1f\x7f\ufffe\uffff", id="JSON"),
    ],
)
def test_a_problem_may_name_what_was_refused(render, text):
    assert b"a" in render(Problem({"detail": f"{text}a"}, {}))
