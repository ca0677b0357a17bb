"""The command `waymark`, on servers of a few lines."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from rich.console import Console

from tests.waymark_client.scripted import AT_ONCE, Scripted, client_of, hal, links
from waymark_client.__main__ import main
from waymark_client.commands import waymark
from waymark_client.commands.common import complete_relation, parted
from waymark_client.commands.showing import console, show

URL = "http://shop.example/api/"
FIELDS = [
    {"name": "title", "prompt": "Title", "required": True},
    {"name": "kind", "options": {"inline": [{"prompt": "Novel", "value": "n"}]}},
    {"name": "seen", "readOnly": True, "value": "x"},
]
BOOKS = {
    **links(self="/api/books", next="/api/books?2"),
    "total": 2,
    "_embedded": {"item": [{"title": "Emma\x1b[31m", "n": 1, **links(self="/api/b")}]},
    "_templates": {
        "default": {"title": "New book", "method": "POST", "properties": FIELDS}
    },
}
SECOND = {**links(self="/api/books?2"), "_embedded": {"item": [{"title": "=1"}]}}
ROOT = links(
    self="/api/",
    wm__books="/api/books",
    book={"href": "/api/{id}{?q}", "templated": True},
    broken="/api/broken",
    away="/api/away",
)


@pytest.fixture
def server():
    """The server that the command talks to."""
    return Scripted(
        {
            "GET /api/": hal(ROOT),
            "GET /api/books": hal(BOOKS),
            "GET /api/books?2": hal(SECOND),
            "GET /api/b": hal({"title": "Emma", "pages": None}),
            "POST /api/books": hal({"title": "made"}, 201),
            "GET /api/away": httpx2.ConnectError("refused"),
        }
    )


def options_for(server):
    """What makes a command talk to the server."""
    return {"transport": httpx2.MockTransport(server), "retries": AT_ONCE}


def run(server, *words, given=None):
    return CliRunner().invoke(waymark, [*words], input=given, obj=options_for(server))


def test_get_follows_and_prints_a_table(server):
    done = run(server, "get", URL, "wm:books")
    assert done.exit_code == 0
    assert "Emma" in done.output
    assert "1 of 2" in done.output
    # What a terminal would obey is shown, not sent.
    assert "\x1b" not in done.output


def test_get_prints_what_is_no_collection(server):
    done = run(server, "get", "shop.example/api/", "book", "id=b")
    assert "Emma" in done.output
    assert "→" in run(server, "get", URL).output


def test_of_many_columns_those_that_fit_are_shown(server):
    wide = {"id": 1, "long": "x" * 90, "none": None, "other": "y" * 90, "last": "z"}
    rows = [{**wide, **links(self="/api/b")}] * 201
    server.change("GET /api/books", hal({"_embedded": {"item": rows}}))
    shown = StringIO()
    show(reading(server, "books"), "table", Console(file=shown, width=60))
    assert "x" * 39 + "…" in shown.getvalue()
    assert "yy" not in shown.getvalue()
    assert "last" in shown.getvalue()
    assert "200 of 201, without other" in shown.getvalue()


def test_of_rows_without_members_the_uris_are_shown(server):
    server.change("GET /api/books", hal({"_embedded": {"item": [links(self="/b/1")]}}))
    assert "http://shop.example/b/1" in run(server, "get", URL, "wm:books").output


def reading(server, path):
    """A document of the server."""
    return client_of(server).read(path)


@pytest.mark.parametrize(
    ("body", "told"),
    [(b"<p>\x1b[31m", "<p>\N{REPLACEMENT CHARACTER}[31m"), (b"\xff", "1 octets that")],
)
def test_what_is_no_hal_is_printed_as_it_is(server, body, told):
    plain = httpx2.Response(200, headers={"content-type": "text/html"}, content=body)
    server.change("GET /api/books", plain)
    assert told in run(server, "get", URL, "wm:books", "--format", "json").output


def test_get_prints_json(server):
    done = run(server, "get", URL, "wm:books", "--format", "json")
    assert json.loads(done.output)["total"] == 2


def test_get_prints_a_tree(server):
    done = run(server, "get", URL, "wm:books", "--format", "tree")
    for told in ("total: 2", "→ self", "✎ default: New book", "▣ item", "required"):
        assert told in done.output


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("get", URL, "book", "id=none"), 1, "no GET /api/none"),
        (("get",), 2, "Missing argument"),
        (("get", URL, "away"), 3, "refused"),
        (("get", URL, "nope"), 4, "no link 'nope'"),
        (("get", URL, "book", "isbn=1"), 4, "isbn"),
        (("submit", URL, "wm:books", "title="), 4, "a value is required"),
        (("submit", URL, "wm:books", "--form", "edit"), 4, "no form"),
    ],
)
def test_exit_codes_tell_what_went_wrong(server, words, code, told):
    done = run(server, *words)
    assert done.exit_code == code
    assert told in done.output


def test_submit_sends_a_form(server):
    done = run(server, "submit", URL, "wm:books", "--form", "new", "title=Persuasion")
    assert "made" in done.output
    assert json.loads(server.requests[-1].content) == {
        "title": "Persuasion",
        "seen": "x",
    }


def test_the_requests_are_traced(server):
    done = run(server, "get", URL, "wm:books", "--trace", "--token", "secret")
    assert f"> GET {URL}books\n< 200 application/hal+json" in done.stderr
    assert "secret" not in done.output
    assert server.requests[-1].headers["authorization"] == "Bearer secret"
    assert "< ConnectError refused" in run(server, "get", URL, "away", "--trace").stderr


def test_export_walks_the_pages(server):
    done = run(server, "export", URL, "wm:books")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["title"] for each in rows] == ["Emma\x1b[31m", "=1"]


def test_export_writes_a_table_that_is_safe_in_a_spreadsheet(server, tmp_path):
    path = tmp_path / "books.csv"
    done = run(server, "export", URL, "wm:books", "--format", "csv", "-o", str(path))
    assert done.exit_code == 0, done.output
    assert path.read_bytes() == b"title,n\r\nEmma\x1b[31m,1\r\n'=1,\r\n"


def test_export_does_not_lose_a_member_that_comes_late(server):
    late = {"_embedded": {"item": [{"title": None}, {"late": 1}]}}
    server.change("GET /api/books", hal(late))
    done = run(server, "export", URL, "wm:books", "--format", "csv")
    assert done.exit_code == 4
    assert "late came late" in done.stderr


def test_export_uses_the_stream_of_the_server(server):
    rows = {"href": "/api/rows", "type": "application/x-ndjson"}
    kind = {"content-type": "application/x-ndjson"}
    server.change("GET /api/books", hal(links(alternate=rows)))
    server.change("GET /api/rows", httpx2.Response(200, headers=kind, text='{"n": 1}'))
    assert run(server, "export", URL, "wm:books").stdout == '{"n": 1}\n'


def test_export_of_what_is_no_collection_is_refused(server):
    done = run(server, "export", URL, "book", "id=b")
    assert done.exit_code == 4
    assert "api/b is no collection" in done.stderr


def test_words_with_an_equals_sign_are_variables():
    assert parted(["a", "q=x=y", "http://r/?a=b", "k=1", "k=2", "k=3"]) == (
        ["a", "http://r/?a=b"],
        {"q": "x=y", "k": ["1", "2", "3"]},
    )


def test_relations_are_completed(server):
    command = waymark.commands["get"]
    context = command.make_context("get", [URL, "wm:books"])
    context.obj = options_for(server)
    assert complete_relation(context, None, "n") == ["next"]
    context.params["url"] = "http://shop.example/none"
    assert complete_relation(context, None, "") == []


def test_a_walk_goes_by_numbers(server):
    # Into the books, into the first of them, back, an odd word, again, to the end.
    done = run(server, "walk", URL, given="1\n2\nb\nodd\nr\nq\n")
    assert done.exit_code == 0, done.output
    assert "  1  wm:books /api/books" in done.output
    assert "There is no odd." in done.output
    assert server.asked[-3:] == ["GET /api/books", "GET /api/b", "GET /api/books"]


def test_a_walk_fills_in_templates(server):
    done = run(server, "walk", URL, given="2\nb\n\nq\n")
    assert server.asked == ["GET /api/", "GET /api/b"]
    assert "pages" in done.output


def test_a_walk_tells_a_refusal_and_goes_on(server):
    done = run(server, "walk", URL, given="3\n4\nq\n")
    assert "Refused: no GET /api/broken" in done.output
    assert "refused" in done.output
    assert done.exit_code == 0


def test_a_walk_fills_in_forms(server):
    # The title is asked for until there is one; the option is called by its name.
    done = run(server, "walk", URL, given="1\n3\n\nPersuasion\nNovel\nq\n")
    assert "a value is required" in done.output
    assert "n  Novel" in done.output
    sent = json.loads(server.requests[-1].content)
    assert sent == {"title": "Persuasion", "kind": "n", "seen": "x"}
    assert "made" in done.output


@pytest.mark.parametrize(("answer", "count"), [("y", 1), ("n", 0)])
def test_a_walk_asks_before_it_sends_a_form_without_fields(server, answer, count):
    gone = {"title": "Delete", "method": "DELETE"}
    server.change(
        "GET /api/b", hal({**links(self="/api/b"), "_templates": {"d": gone}})
    )
    server.change("DELETE /api/b", httpx2.Response(204))
    run(server, "walk", URL, given=f"2\nb\n\n1\n{answer}\nq\n")
    assert server.asked.count("DELETE /api/b") == count


def test_the_command_runs_as_a_module():
    path = Path(__file__).parents[2] / "client"
    done = subprocess.run(
        [sys.executable, "-m", "waymark_client", "--help"],
        env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Use any HAL service" in done.stdout


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "waymark_client.commands", None)
    with pytest.raises(SystemExit, match="pip install"):
        main()


def test_colours_are_left_out_where_the_user_wants_none(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not console().no_color
    monkeypatch.setenv("NO_COLOR", "1")
    assert console().no_color
