"""Bodies in every format that is read."""

from urllib.parse import urlencode

import pytest

from tests.shop import a_book

FORM = "application/x-www-form-urlencoded"
JSON_TYPES = [
    "application/json",
    "application/json; charset=UTF-8",
    "application/hal+json",
    "application/vnd.hal+json",
    "application/prs.hal-forms+json",
]
BOOK = b'{"title": "Moby-Dick", "author": "Herman Melville"}'


@pytest.mark.parametrize("media_type", JSON_TYPES)
def test_json_is_read_by_each_of_its_names(client, media_type):
    assert client.send("POST", "/books", BOOK, media_type).status_code == 201


@pytest.mark.parametrize(
    "media_type", [*JSON_TYPES[:1], "application/merge-patch+json", *JSON_TYPES[2:]]
)
def test_a_merge_patch_is_read_by_each_of_its_names(client, media_type):
    a_book(client)
    answer = client.send("PATCH", "/books/1", b'{"isbn": null, "pages": 3}', media_type)
    assert (answer.status_code, answer.json["pages"]) == (200, 3)


def test_a_form_is_converted_by_the_schema(client):
    fields = [("title", "A & B"), ("author", "X"), ("published", "1851"), ("isbn", "")]
    fields += [("subjects", "one"), ("subjects", "two")]
    answer = client.send("POST", "/books", urlencode(fields), FORM)
    assert answer.status_code == 201, answer.text
    book = answer.json
    assert (book["title"], book["published"], book["isbn"]) == ("A & B", 1851, None)
    assert book["subjects"] == ["one", "two"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"title=x&author=y&published=soon", "/published"),
        (b"title=x&author=y&nope=1", "/nope"),
        (b"title=x", "/author"),
    ],
)
def test_a_wrong_form_is_400_at_its_field(client, body, pointer):
    answer = client.send("POST", "/books", body, FORM)
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]


@pytest.mark.parametrize(
    "body", [b"zz=&title=a&author=b", b"title=a&title=b", b"%ff=1", b"title", b"a=%00"]
)
def test_a_malformed_form_is_400(client, body):
    assert client.send("POST", "/books", body, FORM).status_code == 400


def test_booleans_of_forms_and_xml_are_words(client):
    form = client.send("PUT", "/tasks/a", b"description=x&complete=true", FORM)
    xml = b"<resource><description>x</description><complete>false</complete></resource>"
    document = client.send("PUT", "/tasks/b", xml, "application/xml")
    assert (form.json["complete"], document.json["complete"]) == (True, False)
    wrong = client.send("PUT", "/tasks/c", b"description=x&complete=on", FORM)
    assert wrong.json["errors"][0]["pointer"] == "/complete"


def test_json_takes_no_text_for_a_number(client):
    for pages in ('"3"', "3.0", "true", "1e2", "[]"):
        body = f'{{"title": "x", "author": "y", "pages": {pages}}}'
        answer = client.send("POST", "/books", body, "application/json")
        assert answer.status_code == 400, pages
        assert answer.json["errors"][0]["pointer"] == "/pages"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"value": 1, "value": 2}', id="a member twice"),
        pytest.param(b'{"value": NaN}', id="no number"),
        pytest.param(b'{"value": -Infinity}', id="infinite"),
        pytest.param(b'{"value": 1e400}', id="too large for a double"),
        pytest.param(b'{"value": 0.1234567890123456789}', id="too exact for a double"),
        pytest.param(b'{"value": "\\ud800"}', id="a lone surrogate"),
        pytest.param(b'{"value": {"\\u0000": 1}}', id="a control character in a name"),
        pytest.param(b'{"value": ' + b"[" * 32 + b"]" * 32 + b"}", id="33 levels"),
        pytest.param(b'{"value": ' + b"[" * 100_000, id="100,000 brackets"),
        pytest.param(b'{"value": ' + b"1" * 5000 + b"}", id="5,000 digits"),
        pytest.param(b'\xef\xbb\xbf{"value": 1}', id="a byte order mark"),
    ],
)
def test_json_that_could_be_misread_is_400(client, body):
    answer = client.send("PUT", "/items/a", body, "application/json")
    assert answer.status_code == 400
    assert client.get("/items/a").status_code == 404


@pytest.mark.parametrize(
    "value",
    ["1", "0.1", "1e5", "-0.5", "18446744073709551616", '""', "null", "true", "[[]]"]
    + [
        '{"a": {"b": [1, "x", null]}}',
        '"a\\r\\n\\tb"',
        '"e\\u0301"',
        "[" * 31 + "]" * 31,
    ],
)
def test_a_free_value_comes_back_as_it_was_in_json_and_xml(client, value):
    body = f'{{"value": {value}}}'
    put = client.send("PUT", "/items/a", body, "application/json")
    assert put.status_code == 201, put.text
    xml = client.get("/items/a.xml").content
    assert (
        client.send("PUT", "/items/b", drop_key(xml), "application/xml").json["value"]
        == put.json["value"]
    )


def drop_key(xml):
    start, end = xml.index(b"<key>"), xml.index(b"</key>") + len(b"</key>")
    xml = xml[:start] + xml[end:]
    return xml[: xml.index(b"<created>")] + b"</resource>"


def test_a_value_of_64_kibibytes_is_kept_and_a_larger_one_is_413(client):
    assert client.put("/items/a", {"value": "x" * 65_534}).status_code == 201
    assert client.put("/items/b", {"value": "x" * 65_535}).status_code == 413
    assert client.put("/items/c", {"value": "ä" * 32_768}).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<!DOCTYPE a><resource/>", id="a document type"),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY b "c">]><resource><title>&b;</title></resource>',
            id="an entity",
        ),
        pytest.param(b"<book/>", id="another root"),
        pytest.param(b"<resource>", id="cut off"),
        pytest.param(b"<a>" * 100_000, id="deep"),
        pytest.param(b"<resource>" + b"<a/>" * 30_000 + b"</resource>", id="wide"),
        pytest.param(b"<resource><a>1</a><a>2</a></resource>", id="a member twice"),
        pytest.param(b"<resource><title><b/></title></resource>", id="markup in text"),
        pytest.param(b"<resource>text</resource>", id="text beside elements"),
        pytest.param(
            b'<resource><isbn null="true">1</isbn></resource>', id="null with a value"
        ),
        pytest.param(
            b"<resource><subjects><a>x</a></subjects></resource>", id="another item"
        ),
    ],
)
def test_xml_that_is_not_ours_is_400(client, body):
    assert client.send("POST", "/books", body, "application/xml").status_code == 400


def test_texts_are_kept_in_normal_form_c(client):
    assert a_book(client, title="Cafe\u0301")["title"] == "Caf\u00e9"


def test_a_content_type_without_a_body_and_a_body_on_delete_do_no_harm(client):
    a_book(client)
    assert client.get("/books/1", content_type="text/plain").status_code == 200
    answer = client.send("DELETE", "/books/1", b"whatever", "text/plain")
    assert answer.status_code == 204


def test_a_body_without_a_content_type_is_json(client):
    assert client.simulate_request("POST", "/books", body=BOOK).status_code == 201


def test_a_charset_that_is_not_utf_8_is_415(client):
    answer = client.send("POST", "/books", BOOK, "application/json; charset=latin-1")
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ('{"op": "test", "path": "/title", "value": "Another"}', 409),
        ('{"op": "remove", "path": "/nope"}', 409),
        ('{"op": "replace", "path": "/subjects/5", "value": "x"}', 409),
        ('{"op": "test", "path": "/title", "value": "Moby-Dick"}', 200),
        ('{"op": "add", "path": "/subjects/-", "value": "Whales"}', 200),
        ('{"op": "remove", "path": "/isbn"}', 200),
        ('{"op": "remove", "path": "/title"}', 400),
        ('{"op": "replace", "path": "", "value": [1]}', 400),
        ('{"op": "replace", "path": "/id", "value": 7}', 400),
        ('{"op": "nope", "path": "/title"}', 400),
        ('{"op": "add", "path": "title", "value": 1}', 400),
        ('{"op": "add", "path": "/title"}', 400),
        ("5", 400),
    ],
)
def test_a_json_patch_is_done_whole_or_not_at_all(client, operation, status):
    a_book(client)
    before = client.get("/books/1").json
    body = f'[{{"op": "add", "path": "/pages", "value": 5}}, {operation}]'
    answer = client.send("PATCH", "/books/1", body, "application/json-patch+json")
    assert answer.status_code == status, answer.text
    if status != 200:
        assert client.get("/books/1").json == before


def test_copies_of_copies_end_at_a_limit(client):
    client.put("/items/a", {"value": ["x" * 1000]})
    copy = '{"op": "copy", "from": "/value", "path": "/value/-"}'
    body = f"[{', '.join([copy] * 60)}]"
    answer = client.send("PATCH", "/items/a", body, "application/json-patch+json")
    assert answer.status_code in {400, 413}
    many = f"[{', '.join([copy] * 101)}]"
    answer = client.send("PATCH", "/items/a", many, "application/json-patch+json")
    assert answer.status_code == 413


def test_a_patch_that_is_no_patch_is_400(client):
    a_book(client)
    merge = client.send("PATCH", "/books/1", b"[]", "application/merge-patch+json")
    patch = client.send("PATCH", "/books/1", b"{}", "application/json-patch+json")
    nothing = client.send("PATCH", "/books/1", b"", "application/json")
    assert {merge.status_code, patch.status_code, nothing.status_code} == {400}
