"""Merge patches and JSON patches, by the tables of their RFCs."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import ApiError, BodyTooLarge, MalformedBody, PatchConflict
from api.protocol.bodies import JSON_PATCH, MERGE_PATCH
from api.protocol.patches import MOST_OPERATIONS, apply_patch, merge

DOCUMENT = {"a": {"b": [1, "two", None], "c": True}, "d": 1, "e~/f": "g"}
NAMES = st.sampled_from(["a", "b", "c", "d", "e~1f", "e~0~1f", "0", "1", "-", "x", ""])
PATHS = st.lists(NAMES, max_size=4).map(lambda names: "".join(f"/{n}" for n in names))
VALUES = st.sampled_from([None, 1, "x", [], {}, [[1]], {"b": {}}])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "op": st.sampled_from(
            ["add", "remove", "replace", "move", "copy", "test", "no", None, [], 1]
        ),
        "path": PATHS | st.sampled_from([None, 1, "a", "~", "/~", "/~2"]),
        "from": PATHS | st.sampled_from([None, {}, "a"]),
        "value": VALUES,
    },
)


def patched(document, *operations):
    return apply_patch(document, list(operations), JSON_PATCH)


def op(name, path, **rest):
    return {"op": name, "path": path, **rest}


def copying(source, path):
    return {"op": "copy", "from": source, "path": path}


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_table_of_rfc_7396_holds(target, patch, result):
    assert merge(target, patch) == result


def test_a_merge_patch_leaves_the_original_as_it_is():
    document = {"a": {"b": 1}}
    assert apply_patch(document, {"a": {"c": 2}}, MERGE_PATCH) == {
        "a": {"b": 1, "c": 2}
    }
    assert document == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("document", "operation", "result"),
    [
        pytest.param(
            {"foo": "bar"},
            op("add", "/baz", value="qux"),
            {"baz": "qux", "foo": "bar"},
            id="A.1 adding a member",
        ),
        pytest.param(
            {"foo": ["bar", "baz"]},
            op("add", "/foo/1", value="qux"),
            {"foo": ["bar", "qux", "baz"]},
            id="A.2 adding an element",
        ),
        pytest.param(
            {"baz": "qux", "foo": "bar"},
            op("remove", "/baz"),
            {"foo": "bar"},
            id="A.3 removing a member",
        ),
        pytest.param(
            {"foo": ["bar", "qux", "baz"]},
            op("remove", "/foo/1"),
            {"foo": ["bar", "baz"]},
            id="A.4 removing an element",
        ),
        pytest.param(
            {"baz": "qux", "foo": "bar"},
            op("replace", "/baz", value="boo"),
            {"baz": "boo", "foo": "bar"},
            id="A.5 replacing",
        ),
        pytest.param(
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            op("move", "/qux/thud", **{"from": "/foo/waldo"}),
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
            id="A.6 moving a member",
        ),
        pytest.param(
            {"foo": ["all", "grass", "cows", "eat"]},
            op("move", "/foo/3", **{"from": "/foo/1"}),
            {"foo": ["all", "cows", "eat", "grass"]},
            id="A.7 moving an element",
        ),
        pytest.param(
            {"baz": "qux", "foo": ["a", 2, "c"]},
            op("test", "/foo/1", value=2),
            {"baz": "qux", "foo": ["a", 2, "c"]},
            id="A.8 a test that holds",
        ),
        pytest.param(
            {"foo": "bar"},
            op("add", "/child", value={"grandchild": {}}),
            {"foo": "bar", "child": {"grandchild": {}}},
            id="A.10 adding nested",
        ),
        pytest.param(
            {"foo": "bar"},
            op("add", "/baz", value="qux", xyz=123),
            {"foo": "bar", "baz": "qux"},
            id="A.11 unknown members are ignored",
        ),
        pytest.param(
            {"/": 9, "~1": 10},
            op("test", "/~01", value=10),
            {"/": 9, "~1": 10},
            id="A.14 escapes",
        ),
        pytest.param(
            {"foo": ["bar"]},
            op("add", "/foo/-", value=["abc", "def"]),
            {"foo": ["bar", ["abc", "def"]]},
            id="A.16 adding at the end",
        ),
        pytest.param({"a": 1}, op("add", "", value={}), {}, id="the whole document"),
        pytest.param({"a": 1}, copying("/a", "/b"), {"a": 1, "b": 1}, id="copying"),
        pytest.param(
            {"a": {"b": 1}}, copying("/a", "/a/c"), {"a": {"b": 1, "c": {"b": 1}}}
        ),
        pytest.param(
            {"a": None}, op("test", "/a", value=None), {"a": None}, id="testing null"
        ),
        pytest.param(
            {"a": 1}, op("test", "/a", value=1.0), {"a": 1}, id="equal numbers"
        ),
    ],
)
def test_the_examples_of_rfc_6902_hold(document, operation, result):
    assert patched(document, operation) == result


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(op("test", "/baz", value="bar"), id="A.9 a test that fails"),
        pytest.param(op("add", "/baz/bat", value=1), id="A.12 into a text"),
        pytest.param(op("add", "/no/bat", value=1), id="A.12 into what is missing"),
        pytest.param(op("test", "/baz", value=10), id="A.15 text and number differ"),
        pytest.param(op("test", "/true", value=1), id="truth and number differ"),
        pytest.param(op("test", "/nested", value={"a": [1]}), id="so they do inside"),
        pytest.param(op("test", "/no", value=None), id="missing is not null"),
        pytest.param(op("remove", "/no"), id="removing what is missing"),
        pytest.param(op("replace", "/no", value=1), id="replacing what is missing"),
        pytest.param(op("move", "/x", **{"from": "/no"}), id="moving what is missing"),
        pytest.param(op("move", "/obj/x", **{"from": "/obj"}), id="into itself"),
        pytest.param(copying("/no", "/x"), id="copying what is missing"),
        pytest.param(op("add", "/list/9", value=1), id="beyond the end"),
        pytest.param(op("remove", "/list/-"), id="removing behind the end"),
        pytest.param(op("add", "/list/01", value=1), id="leading zero"),
        pytest.param(op("add", "/list/-1", value=1), id="negative index"),
        pytest.param(op("add", "/list/x", value=1), id="name as index"),
        pytest.param(op("remove", "/baz/0"), id="a letter of a text"),
    ],
)
def test_what_does_not_fit_the_document_is_a_conflict(operation):
    document = {"baz": "10", "list": [1, 2], "obj": {}, "true": True}
    document["nested"] = {"a": [True]}
    with pytest.raises(PatchConflict):
        patched(document, operation)


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param({"path": "/a", "value": 1}, id="no op"),
        pytest.param(op("spam", "/a"), id="unknown op"),
        pytest.param(op(["add"], "/a", value=1), id="op no text"),
        pytest.param({"op": "remove"}, id="no path"),
        pytest.param(op("remove", 1), id="path no text"),
        pytest.param(op("remove", "a"), id="path without slash"),
        pytest.param(op("remove", "/~2"), id="wrong escape"),
        pytest.param(op("remove", "/a~"), id="cut escape"),
        pytest.param(op("add", "/b"), id="add without value"),
        pytest.param(op("replace", "/a"), id="replace without value"),
        pytest.param(op("test", "/a"), id="test without value"),
        pytest.param(op("copy", "/b"), id="copy without from"),
        pytest.param(op("move", "/b"), id="move without from"),
        pytest.param(op("copy", "/b", **{"from": None}), id="from is null"),
        pytest.param("remove /a", id="no object"),
        pytest.param(None, id="null"),
        pytest.param(["add", "/a", 1], id="list"),
        pytest.param(op("replace", "", value=[]), id="document made a list"),
        pytest.param(op("add", "", value=None), id="document made null"),
    ],
)
def test_a_malformed_patch_is_no_conflict(operation):
    with pytest.raises(MalformedBody):
        patched({"a": 1}, operation)


def test_a_fault_in_a_later_operation_is_malformed_even_if_an_earlier_one_conflicts():
    with pytest.raises(MalformedBody):
        patched({"a": 1}, op("test", "/a", value=2), {"op": "remove", "path": "a"})


def test_one_operation_that_fails_undoes_the_others():
    document = {"a": [1]}
    with pytest.raises(PatchConflict):
        patched(document, op("add", "/a/-", value=2), op("remove", "/no"))
    assert document == {"a": [1]}


def test_no_patch_changes_the_document_that_it_is_given():
    document = copy.deepcopy(DOCUMENT)
    patched(document, op("add", "/a/b/0", value=9), op("remove", "/a/c"))
    assert document == DOCUMENT


def test_a_patch_can_be_applied_twice():
    patch = [op("add", "/x", value=[]), op("add", "/x/-", value=1)]
    first = apply_patch({}, patch, JSON_PATCH)
    assert apply_patch({}, patch, JSON_PATCH) == first == {"x": [1]}


def test_copies_of_copies_end_before_memory_does():
    doubling = [copying("/a", "/a/-")] * 30
    with pytest.raises(BodyTooLarge):
        patched({"a": ["x" * 100]}, *doubling)


def test_copies_into_copies_end_before_the_stack_does():
    paths = ["/x" * 2**power for power in range(14)]
    with pytest.raises(MalformedBody, match="levels deep"):
        patched({"a": 1}, *[copying("", path) for path in paths])


@pytest.mark.parametrize("source", ["/x", "/small"])
def test_a_copy_where_much_was_nested_step_by_step_is_refused(source):
    value = {"x": 1}
    for _ in range(30):
        value = {"x": value}
    nesting = [op("add", "/x" * (31 * step + 1), value=value) for step in range(40)]
    with pytest.raises(MalformedBody, match="levels deep"):
        patched({"small": 1}, *nesting, copying(source, "/y"))


@pytest.mark.parametrize(
    ("deepest", "refused"), [pytest.param(31, False), pytest.param(32, True)]
)
def test_a_patched_document_is_no_deeper_than_a_sent_one(deepest, refused):
    value = []
    for _ in range(deepest - 1):
        value = [value]
    operations = [op("add", "/a", value=value)]
    if refused:
        with pytest.raises(MalformedBody, match="levels deep"):
            patched({}, *operations)
    else:
        assert patched({}, *operations)


def test_a_patch_has_a_bounded_number_of_operations():
    adding = [op("add", "/a", value=1)]
    assert patched({}, *adding * MOST_OPERATIONS) == {"a": 1}
    with pytest.raises(BodyTooLarge, match=str(MOST_OPERATIONS)):
        patched({}, *adding * (MOST_OPERATIONS + 1))


@given(st.lists(FIELDS | VALUES, max_size=4))
@settings(deadline=None, max_examples=100)
def test_any_list_makes_a_document_or_is_refused_with_the_original_untouched(patch):
    document = copy.deepcopy(DOCUMENT)
    try:
        status = (
            200 if isinstance(apply_patch(document, patch, JSON_PATCH), dict) else 0
        )
    except ApiError as refused:
        status = refused.status
    assert status in {200, 400, 409, 413}
    assert document == DOCUMENT
