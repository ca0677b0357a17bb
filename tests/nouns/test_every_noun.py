"""What holds for all nouns, tested over the list of them."""

import json
from random import Random

import pytest
from marshmallow.validate import Length

from api.documents import KINDS
from schemas.base import Text
from tests.shop import (
    CHANGEABLE,
    COLLECTED,
    KEYED,
    NUMBERED,
    REPLACEABLE,
    body_of,
    collection_path,
    make,
    send_new,
    value_of,
)


def nouns(kinds):
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.name)


every_noun = nouns(KINDS)
collected_nouns = nouns(COLLECTED)
changeable_nouns = nouns(CHANGEABLE)
replaceable_nouns = nouns(REPLACEABLE)
keyed_nouns = nouns(KEYED)
numbered_nouns = nouns(NUMBERED)
put_nouns = nouns([kind for kind in KINDS if kind.is_replaceable])
FORMATS = ["application/hal+json", "application/xml"]


@every_noun
def test_what_is_created_can_be_read_where_location_says(client, kind):
    made = make(client, kind)
    read = client.get(made.headers["location"])
    assert read.json == made.json
    assert read.headers["etag"] == made.headers["etag"]


@every_noun
def test_a_creation_answers_with_the_document_and_where_it_stands(client, kind):
    made = make(client, kind)
    assert made.json["_links"]["self"]["href"] == made.headers["location"]
    assert made.headers["content-location"] == made.headers["location"] + ".json"


@every_noun
def test_every_member_that_was_sent_comes_back(client, kind):
    sent = body_of(kind)
    got = make(client, kind, **sent).json
    assert {name: got[name] for name in sent} == sent


@every_noun
def test_the_longest_texts_are_taken(client, kind):
    """Of letters of four octets, which no database can press into fewer."""
    chance = Random(1)
    texts = {
        name: "".join(chr(chance.randrange(0x20000, 0x2A6D6)) for _ in range(length))
        for name, length in lengths_of(kind)
    }
    got = make(client, kind, **texts).json
    assert {name: got[name] for name in texts} == texts


def lengths_of(kind):
    """Each text of a noun with how long it may be."""
    for name, field in kind.schema.load_fields.items():
        bounds = [each for each in field.validators if isinstance(each, Length)]
        if type(field) is Text and bounds:
            yield name, bounds[0].max


@replaceable_nouns
def test_put_replaces_and_gives_the_new_document(client, kind):
    path = make(client, kind).headers["location"]
    new = body_of(kind, changed=True)
    answer = client.put(path, new)
    assert answer.status_code == 200
    assert {name: answer.json[name] for name in new} == new
    assert client.get(path).headers["etag"] == answer.headers["etag"]


@put_nouns
def test_put_of_what_was_read_changes_nothing(client, kind):
    path = make(client, kind).headers["location"]
    before = client.get(path)
    after = client.put(path, before.json)
    assert (after.status_code, after.json) == (200, before.json)
    assert after.headers["etag"] == before.headers["etag"]


@put_nouns
def test_put_of_what_was_read_as_xml_changes_nothing(client, kind):
    path = make(client, kind).headers["location"]
    before = client.get(path)
    text = client.get(path, accept="application/xml").content
    after = client.send("PUT", path, text, "application/xml")
    assert after.status_code == 200, after.text
    assert after.json == before.json


@replaceable_nouns
def test_optional_members_left_out_of_a_put_get_their_defaults(client, kind):
    path = make(client, kind).headers["location"]
    fields = kind.schema.load_fields
    required = {
        name: value_of(kind, name)
        for name, field in fields.items()
        if field.required and name != kind.model.key
    }
    answer = client.put(path, required)
    assert answer.status_code == 200
    for name, field in fields.items():
        if not field.required and name != kind.model.key:
            default = field.load_default
            assert answer.json[name] == (default() if callable(default) else default)


@changeable_nouns
def test_merge_patch_changes_only_what_it_names(client, kind):
    made = make(client, kind)
    name, value = a_change(kind)
    answer = client.patch(made.headers["location"], {name: value})
    assert answer.status_code == 200
    assert answer.json[name] == value
    others = (kind.schema.load_fields.keys() | kind.schema.fixed) - {name}
    for each in others & made.json.keys():
        assert answer.json[each] == made.json[each]


def a_change(kind):
    """A member that is no reference, with another value than it was made with."""
    body = body_of(kind, changed=True)
    return next(pair for pair in body.items() if pair[0] not in kind.model.references)


@changeable_nouns
def test_json_patch_changes_what_it_names(client, kind):
    path = make(client, kind).headers["location"]
    name, value = a_change(kind)
    patch = json.dumps([{"op": "replace", "path": f"/{name}", "value": value}])
    answer = client.send("PATCH", path, patch, "application/json-patch+json")
    assert (answer.status_code, answer.json[name]) == (200, value)


@collected_nouns
def test_what_was_deleted_is_gone(client, kind):
    path = make(client, kind).headers["location"]
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get(path, if_none_match="*").status_code == 404
    assert client.delete(path).status_code == 404


def paths_of(made):
    """Where something that was made stands, and its collection if it is in one."""
    links = made.json["_links"]
    return [links[rel]["href"] for rel in ("self", "collection") if rel in links]


@every_noun
def test_head_equals_get_without_the_body(client, kind):
    for path in paths_of(make(client, kind)):
        got, head = client.get(path), client.simulate_head(path)
        assert head.content == b""
        assert dict(head.headers) == dict(got.headers)


@collected_nouns
def test_options_tells_methods_and_bodies(client, kind):
    path = collection_path(client, kind)
    collection = client.simulate_options(path)
    member = client.simulate_options(make(client, kind, path).headers["location"])
    assert collection.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert "application/xml" in collection.headers["accept-post"]
    put = "PUT, " * kind.is_replaceable
    assert member.headers["allow"].endswith(f"{put}PATCH, DELETE, OPTIONS")
    assert "application/json-patch+json" in member.headers["accept-patch"]


@collected_nouns
def test_a_method_that_is_not_there_is_405_with_those_that_are(client, kind):
    path = collection_path(client, kind)
    answer = client.delete(path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {
        "GET",
        "HEAD",
        "OPTIONS",
        "POST",
    }


@changeable_nouns
def test_a_stale_tag_is_refused_and_nothing_is_written(client, kind):
    made = make(client, kind)
    path = made.headers["location"]
    new = body_of(kind, changed=True)
    assert client.patch(path, new).status_code == 200
    stale = {"if_match": made.headers["etag"]}
    newest = client.get(path).json
    if kind.is_replaceable:
        assert client.put(path, body_of(kind), **stale).status_code == 412
    assert client.patch(path, body_of(kind), **stale).status_code == 412
    assert client.delete(path, **stale).status_code == 412
    assert client.get(path).json == newest


@changeable_nouns
def test_a_tag_got_in_one_format_is_good_for_a_write_in_another(client, kind):
    path = make(client, kind).headers["location"]
    tag = client.get(path, accept="application/xml").headers["etag"]
    answer = client.patch(path, body_of(kind, changed=True), if_match=tag)
    assert answer.status_code == 200


@every_noun
@pytest.mark.parametrize("accept", FORMATS)
def test_a_known_representation_is_304_without_a_body(client, kind, accept):
    for path in paths_of(make(client, kind)):
        got = client.get(path, accept=accept)
        again = client.get(path, accept=accept, if_none_match=got.headers["etag"])
        assert again.status_code == 304
        for name in ("etag", "cache-control", "vary", "content-location"):
            assert again.headers[name] == got.headers[name]


@every_noun
def test_formats_have_tags_of_their_own(client, kind):
    path = make(client, kind).headers["location"]
    tags = {client.get(path, accept=accept).headers["etag"] for accept in FORMATS}
    assert len(tags) == len(FORMATS)


@every_noun
def test_unknown_members_are_all_named(client, kind):
    path = collection_path(client, kind)
    wrong = {**body_of(kind), "nonsense": 1, "a/b": 2}
    answer = send_new(client, kind, path, wrong)
    assert answer.status_code == 400
    assert {fault["pointer"] for fault in answer.json["errors"]} >= {
        "/nonsense",
        "/a~1b",
    }


@every_noun
def test_a_body_that_is_no_object_is_400(client, kind):
    path = collection_path(client, kind)
    for body in (b"[]", b"1", b'"x"', b"null", b"", b"{", b"\xff"):
        answer = client.send(method_of(kind), path, body, "application/json")
        assert answer.status_code == 400, body


def method_of(kind):
    return "PUT" if kind.is_single else "POST"


@every_noun
def test_a_media_type_that_is_not_read_is_415_with_those_that_are(client, kind):
    path = collection_path(client, kind)
    new = client.send(method_of(kind), path, b"x", "text/plain")
    assert (new.status_code, "application/json" in new.json["available"]) == (415, True)
    assert kind.is_single or "application/json" in new.headers["accept-post"]


@changeable_nouns
def test_a_media_type_that_is_no_patch_is_415_with_those_that_are(client, kind):
    path = make(client, kind).headers["location"]
    patch = client.send("PATCH", path, b"x", "text/plain")
    assert patch.status_code == 415
    assert "application/merge-patch+json" in patch.headers["accept-patch"]


@nouns([kind for kind in KINDS if kind.schema.fixed])
def test_a_changed_member_of_the_server_is_refused(client, kind):
    path = make(client, kind).headers["location"]
    changed = {**client.get(path).json, "created": "1999-01-01T00:00:00Z"}
    answer = (client.put if kind.is_replaceable else client.patch)(path, changed)
    assert answer.status_code == 400
    assert answer.json["errors"][0]["pointer"] == "/created"


@replaceable_nouns
def test_minimal_answers_have_no_body(client, kind):
    minimal = {"prefer": "return=minimal"}
    path = make(client, kind).headers["location"]
    put = client.put(path, body_of(kind, changed=True), **minimal)
    assert (put.status_code, put.content) == (204, b"")
    assert put.headers["preference-applied"] == "return=minimal"
    assert put.headers["etag"] == client.get(path).headers["etag"]
    assert "content-location" not in put.headers


@collected_nouns
def test_a_post_with_a_key_is_done_once(client, kind):
    path = collection_path(client, kind)
    body = body_of(kind) | {"key": "same"} if kind.model.key == "key" else body_of(kind)
    first = client.post(path, body, idempotency_key='"abc"')
    again = client.post(path, body, idempotency_key="abc")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert client.get(path).json["total"] == 1


@collected_nouns
def test_a_key_with_another_body_is_422(client, kind):
    path = collection_path(client, kind)
    chosen = {"key": "same"} if kind.model.key == "key" else {}
    client.post(path, body_of(kind) | chosen, idempotency_key="abc")
    other = client.post(path, body_of(kind, changed=True), idempotency_key="abc")
    assert other.status_code == 422


@collected_nouns
def test_a_refused_post_leaves_its_key_free(client, kind):
    path = collection_path(client, kind)
    assert client.post(path, {"x": 1}, idempotency_key="abc").status_code == 400
    chosen = {"key": "same"} if kind.model.key == "key" else {}
    answer = client.post(path, body_of(kind) | chosen, idempotency_key="abc")
    assert answer.status_code == 201


@collected_nouns
def test_walking_next_and_prev_meets_every_member_once(client, kind):
    path = collection_path(client, kind)
    made = [make(client, kind, path).headers["location"] for _ in range(7)]
    forward = list(walk(client, f"{path}?limit=3", "first", "next"))
    back = list(walk(client, f"{path}?limit=3", "last", "prev"))
    assert forward == made
    assert back == made[::-1]


def walk(client, path, start, rel):
    page = client.get(client.get(path).json["_links"][start]["href"]).json
    while True:
        hrefs = [each["_links"]["self"]["href"] for each in page["_embedded"]["item"]]
        yield from hrefs if rel == "next" else reversed(hrefs)
        if rel not in page["_links"]:
            return
        page = client.get(page["_links"][rel]["href"]).json


@collected_nouns
def test_totals_follow_what_is_made_and_deleted(client, kind):
    path = collection_path(client, kind)
    assert client.get(path).json["total"] == 0
    made = [make(client, kind, path).headers["location"] for _ in range(3)]
    client.delete(made[1])
    page = client.get(path).json
    assert (page["total"], page["total_kind"], page["count"]) == (2, "exact", 2)


@collected_nouns
def test_a_page_has_a_tag_that_changes_with_its_members(client, kind):
    path = collection_path(client, kind)
    tags = [client.get(path).headers["etag"]]
    member = make(client, kind, path).headers["location"]
    tags.append(client.get(path).headers["etag"])
    client.patch(member, body_of(kind, changed=True))
    tags.append(client.get(path).headers["etag"])
    client.delete(member)
    tags.append(client.get(path).headers["etag"])
    assert len(set(tags)) == 4


@every_noun
def test_sparse_fields_keep_the_key(client, kind):
    made = make(client, kind)
    name = "created"
    got = client.get(f"{made.headers['location']}?fields={name}").json
    key = set() if kind.is_single else {kind.model.key}
    assert set(got) == {"_links", name} | key


@every_noun
def test_an_unknown_parameter_is_named_with_those_that_exist(client, kind):
    for path in paths_of(make(client, kind)):
        answer = client.get(f"{path}?feilds=x")
        assert answer.status_code == 400
        assert answer.json["errors"][0]["parameter"] == "feilds"
        assert "'fields'" in answer.json["errors"][0]["detail"]
        assert client.get(f"{path}?x=1", prefer="handling=lenient").status_code == 200


@every_noun
def test_a_body_of_more_than_a_mebibyte_is_413(client, kind):
    path = collection_path(client, kind)
    large = b" " * (2**20 + 1)
    answer = client.send(method_of(kind), path, large, "application/json")
    assert answer.status_code == 413


@every_noun
def test_control_characters_are_refused_everywhere(client, kind):
    path = collection_path(client, kind)
    name = next(iter(body_of(kind)), "unknown")
    for text in ("\x00", "a\x0bb", "\x7f", "\ufffe", "\ud800"):
        body = json.dumps({**body_of(kind), name: text})
        answer = client.send(method_of(kind), path, body, "application/json")
        assert answer.status_code == 400


@collected_nouns
def test_a_post_to_a_collection_can_be_conditional(client, kind):
    path = collection_path(client, kind)
    chosen = {"key": "free"} if kind.model.key == "key" else {}
    body = body_of(kind) | chosen
    tag = client.get(path).headers["etag"]
    assert client.post(path, body, if_none_match="*").status_code == 412
    assert client.post(path, body, if_match='"999-json"').status_code == 412
    assert client.post(path, body, if_match=tag).status_code == 201
    assert client.get(path, if_none_match=tag).status_code == 200


@keyed_nouns
def test_a_post_at_a_key_can_be_conditional(client, kind):
    path = f"/{kind.plural}/conditional"
    assert client.post(path, body_of(kind), if_match="*").status_code == 412
    assert client.post(path, body_of(kind), if_none_match="*").status_code == 201
    assert client.post(path, body_of(kind), if_none_match="*").status_code == 412


@keyed_nouns
def test_put_creates_at_a_key_that_is_free(client, kind):
    path = f"/{kind.plural}/chosen.1~a_b-C"
    made = client.put(path, body_of(kind))
    again = client.put(path, body_of(kind))
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.headers["location"] == path


@keyed_nouns
def test_post_at_a_key_that_is_taken_is_409(client, kind):
    path = f"/{kind.plural}/taken"
    assert client.post(path, body_of(kind)).status_code == 201
    answer = client.post(path, body_of(kind))
    assert answer.status_code == 409
    assert answer.json["_links"]["latest-version"]["href"] == path


@keyed_nouns
def test_put_that_must_create_is_412_where_something_stands(client, kind):
    path = f"/{kind.plural}/once"
    assert client.put(path, body_of(kind), if_none_match="*").status_code == 201
    assert client.put(path, body_of(kind), if_none_match="*").status_code == 412


@keyed_nouns
def test_put_with_a_tag_makes_nothing(client, kind):
    path = f"/{kind.plural}/missing"
    assert client.put(path, body_of(kind), if_match='"1-json"').status_code == 412
    assert client.get(path).status_code == 404


@keyed_nouns
def test_a_version_never_comes_back_at_the_same_key(client, kind):
    path = f"/{kind.plural}/again"
    first = client.put(path, body_of(kind)).headers["etag"]
    client.delete(path)
    second = client.put(path, body_of(kind)).headers["etag"]
    assert first != second


@keyed_nouns
@pytest.mark.parametrize("key", ["-x", "a%2Fb", "ä", "x" * 129, "a%00", ".a", "a b"])
def test_a_key_that_can_not_be_is_404_in_a_path(client, kind, key):
    assert client.get(f"/{kind.plural}/{key}").status_code == 404
    assert client.put(f"/{kind.plural}/{key}", body_of(kind)).status_code == 404


@keyed_nouns
@pytest.mark.parametrize("key", ["-x", "a/b", "a.json", "a.csv", "", "x" * 129])
def test_a_key_that_can_not_be_is_400_in_a_body(client, kind, key):
    answer = client.post(f"/{kind.plural}", {**body_of(kind), kind.model.key: key})
    assert answer.status_code == 400
    assert answer.json["errors"][0]["pointer"] == f"/{kind.model.key}"


@keyed_nouns
def test_another_key_in_the_body_than_in_the_path_is_400(client, kind):
    answer = client.put(f"/{kind.plural}/a", {**body_of(kind), kind.model.key: "b"})
    assert answer.status_code == 400


@numbered_nouns
def test_a_write_to_an_unknown_number_is_404(client, kind):
    path = f"{collection_path(client, kind)}/987654"
    if kind.is_replaceable:
        assert client.put(path, body_of(kind)).status_code == 404
    assert client.patch(path, body_of(kind)).status_code == 404
    assert client.delete(path).status_code == 404


@numbered_nouns
@pytest.mark.parametrize("number", ["0", "01", "+1", "-1", "1.0", "x", "9" * 30, "١"])
def test_a_number_that_is_not_canonical_is_404(client, kind, number):
    assert client.get(f"{collection_path(client, kind)}/{number}").status_code == 404


@numbered_nouns
def test_a_number_is_never_given_twice(client, kind):
    path = collection_path(client, kind)
    first = make(client, kind, path).headers["location"]
    client.delete(first)
    assert make(client, kind, path).headers["location"] != first
