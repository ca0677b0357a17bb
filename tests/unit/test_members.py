"""What a client sent as members: every fault at once, each with its pointer."""

import pytest

from api.errors import BodyTooLarge, InvalidBody
from api.protocol.members import draft_of
from schemas.base import LARGEST_INTEGER
from schemas.book import BookSchema
from schemas.item import ItemSchema
from schemas.review import ReviewSchema
from schemas.task import TaskSchema

BOOK, ITEM, REVIEW, TASK = BookSchema(), ItemSchema(), ReviewSchema(), TaskSchema()
GOOD = {"title": "Emma", "author": "Jane Austen"}


def faults(schema, members, **options):
    with pytest.raises(InvalidBody) as caught:
        draft_of(schema, members, **options)
    assert all(fault.detail for fault in caught.value.faults)
    return {(fault.pointer, fault.code) for fault in caught.value.faults}


def detail(schema, members):
    with pytest.raises(InvalidBody) as caught:
        draft_of(schema, members)
    return caught.value.faults[0].detail


def test_every_fault_is_told_at_once():
    wrong = {"title": 1, "isbn": "1", "pages": 0, "subjects": ["a", 2, ""], "nme": 1}
    assert faults(BOOK, wrong) == {
        ("/title", "type"),
        ("/author", "required"),
        ("/isbn", "isbn"),
        ("/pages", "range"),
        ("/subjects/1", "type"),
        ("/subjects/2", "length"),
        ("/nme", "unknown"),
    }


def test_the_detail_of_the_whole_names_each_member():
    with pytest.raises(InvalidBody, match=r"/author.*/pages|/pages.*/author"):
        draft_of(BOOK, {"title": "Emma", "pages": "x"})


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        pytest.param("title", None, "null", id="null"),
        pytest.param("title", "", "length", id="too short"),
        pytest.param("title", "x" * 1001, "length", id="too long"),
        pytest.param("title", ["x"], "type", id="list as text"),
        pytest.param("title", "\x00", "character", id="null character"),
        pytest.param("title", "\x7f", "character", id="delete"),
        pytest.param("title", "\x85", "character", id="C1 control"),
        pytest.param("title", "\ud800", "character", id="lone surrogate"),
        pytest.param("title", "a\uffff", "character", id="U+FFFF"),
        pytest.param("author", "x" * 501, "length", id="author too long"),
        pytest.param("pages", "3", "type", id="text as number"),
        pytest.param("pages", 3.0, "type", id="decimal as whole number"),
        pytest.param("pages", True, "type", id="truth as number"),
        pytest.param("pages", 1_000_001, "range", id="too large"),
        pytest.param("published", -4001, "range", id="too early"),
        pytest.param("gutenberg_id", 0, "range", id="too small"),
        pytest.param("gutenberg_id", LARGEST_INTEGER + 1, "range", id="no double"),
        pytest.param("subjects", "War", "type", id="text as list"),
        pytest.param("subjects", {"0": "War"}, "type", id="object as list"),
        pytest.param("subjects", None, "null", id="null as list"),
        pytest.param("subjects", ["War", "War"], "repeated", id="twice"),
        pytest.param("subjects", ["é", "e\u0301"], "repeated", id="twice as NFC"),
        pytest.param("subjects", [str(n) for n in range(201)], "length", id="too many"),
        pytest.param("language", "english!", "language", id="no tag"),
        pytest.param("isbn", "9780306406158", "isbn", id="wrong check digit"),
        pytest.param("isbn", 9780306406157, "type", id="number as ISBN"),
        pytest.param("titel", "x", "unknown", id="unknown"),
        pytest.param("a/b~c", "x", "unknown", id="name to escape"),
        pytest.param("", "x", "unknown", id="empty name"),
    ],
)
def test_a_wrong_member_is_told_with_its_code(member, value, code):
    pointer = "/" + member.replace("~", "~0").replace("/", "~1")
    assert faults(BOOK, GOOD | {member: value}) == {(pointer, code)}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        pytest.param("title", "x" * 1000, id="longest title"),
        pytest.param("title", "a\tb\nc\rd", id="white space"),
        pytest.param("pages", 1_000_000, id="most pages"),
        pytest.param("published", -4000, id="earliest"),
        pytest.param("gutenberg_id", LARGEST_INTEGER, id="largest"),
        pytest.param("subjects", [], id="no subjects"),
        pytest.param("subjects", [str(n) for n in range(200)], id="most subjects"),
        pytest.param("isbn", None, id="optional null"),
    ],
)
def test_a_value_at_its_bound_is_taken_as_it_is(member, value):
    assert draft_of(BOOK, GOOD | {member: value}).values[member] == value


def test_text_is_kept_in_normal_form_c():
    assert draft_of(BOOK, GOOD | {"title": "e\u0301"}).values["title"] == "é"


def test_a_free_value_is_kept_as_it_came():
    value = {"e\u0301": ["e\u0301", 1.10, None]}
    assert draft_of(ITEM, {"key": "a", "value": value}).values["value"] == value


def test_optional_members_left_out_have_their_defaults():
    values = draft_of(BOOK, GOOD).values
    assert (values["pages"], values["subjects"]) == (None, [])
    assert draft_of(TASK, {"description": "x"}).values["complete"] is False


def test_a_default_list_is_not_shared():
    draft_of(BOOK, GOOD).values["subjects"].append("War")
    assert draft_of(BOOK, GOOD).values["subjects"] == []


def test_hypermedia_in_a_body_is_ignored():
    members = {"_links": 1, "_embedded": {}, "_templates": []}
    assert draft_of(BOOK, GOOD | members).values == draft_of(BOOK, GOOD).values


def test_other_names_with_an_underscore_are_unknown():
    assert faults(BOOK, GOOD | {"_link": 1}) == {("/_link", "unknown")}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("titel", "Did you mean 'title'?", id="near"),
        pytest.param("auther", "Did you mean 'author'?", id="another"),
        pytest.param("zzz", "There are title, author", id="far"),
    ],
)
def test_an_unknown_member_is_told_what_was_meant(name, meant):
    assert meant in detail(BOOK, GOOD | {name: "x"})


def test_computed_members_are_ignored_and_never_suggested():
    members = {"rating": 5, "reviews": 9, "updated": "now"}
    assert draft_of(BOOK, GOOD | members).values == draft_of(BOOK, GOOD).values
    assert "created" not in detail(BOOK, GOOD | {"creatd": "x"})


def test_members_that_the_server_fixes_cannot_be_set_on_something_new():
    with pytest.raises(InvalidBody) as caught:
        draft_of(BOOK, GOOD | {"id": 1, "created": "now"}).for_new()
    pointers = {(fault.pointer, fault.code) for fault in caught.value.faults}
    assert pointers == {("/id", "fixed"), ("/created", "fixed")}


def test_members_that_the_server_fixes_may_come_back_unchanged():
    draft = draft_of(BOOK, GOOD | {"id": 1, "created": "now", "rating": 1})
    assert draft.for_present({"id": 1, "created": "now"}) == draft.values


@pytest.mark.parametrize(
    ("sent", "pointers"),
    [
        pytest.param({"id": 2, "created": "now"}, {"/id"}, id="one changed"),
        pytest.param({"id": 2, "created": "then"}, {"/id", "/created"}, id="both"),
        pytest.param({"id": "1"}, {"/id"}, id="number as text"),
        pytest.param({"id": True}, {"/id"}, id="truth as number"),
        pytest.param({"created": None}, {"/created"}, id="null"),
    ],
)
def test_a_changed_fixed_member_is_refused(sent, pointers):
    with pytest.raises(InvalidBody) as caught:
        draft_of(BOOK, GOOD | sent).for_present({"id": 1, "created": "now"})
    assert {fault.pointer for fault in caught.value.faults} == pointers


def test_a_kept_member_may_be_missing_where_something_stands():
    draft = draft_of(TASK, {"complete": True}, keeps=frozenset({"description"}))
    values = draft.for_present({"description": "old", "id": "a"})
    assert values == {"complete": True, "description": "old"}


def test_a_kept_member_is_required_of_something_new():
    draft = draft_of(TASK, {"complete": True}, keeps=frozenset({"description"}))
    with pytest.raises(InvalidBody) as caught:
        draft.for_new()
    assert [(f.pointer, f.code) for f in caught.value.faults] == [
        ("/description", "required")
    ]


def test_a_kept_member_that_is_sent_is_taken():
    draft = draft_of(TASK, {"description": "new"}, keeps=frozenset({"description"}))
    assert draft.for_present({"description": "old"})["description"] == "new"
    assert draft.for_new()["description"] == "new"


@pytest.mark.parametrize("sent", [{}, {"key": "a"}])
def test_a_key_from_the_path_need_not_be_sent(sent):
    values = draft_of(ITEM, {"value": 1, **sent}, key=("key", "a")).values
    assert values == {"key": "a", "value": 1}


def test_another_key_than_that_of_the_path_is_refused():
    members = {"value": 1, "key": "b"}
    assert faults(ITEM, members, key=("key", "a")) == {("/key", "fixed")}


def test_a_value_too_large_is_no_mere_fault():
    with pytest.raises(BodyTooLarge, match="65,536"):
        draft_of(ITEM, {"key": "a", "value": "é" * 32_768})


@pytest.mark.parametrize("value", ["é" * 32_767, 10**1000, [2**64], None, False])
def test_any_value_up_to_64_kib_is_taken(value):
    assert draft_of(ITEM, {"key": "a", "value": value}).values["value"] == value


@pytest.mark.parametrize(
    ("rating", "code"), [(0, "range"), (6, "range"), (4.5, "type"), (None, "null")]
)
def test_a_rating_is_a_whole_number_from_1_to_5(rating, code):
    assert faults(REVIEW, {"rating": rating}) == {("/rating", code)}


@pytest.mark.parametrize("complete", [1, 0, "true", None])
def test_a_flag_is_true_or_false(complete):
    assert {pointer for pointer, _ in faults(TASK, {"complete": complete})} == {
        "/complete",
        "/description",
    }
