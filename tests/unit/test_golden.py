"""What each format writes of the same documents, as it was looked at last."""

import os
from pathlib import Path

import pytest

from api.formats import CSV, FORMATS, NDJSON
from api.hypermedia.document import Problem
from tests.unit.test_html import PAGES, a_collection

GOLDEN = Path(__file__).parents[1] / "golden"


def readable(written, text):
    """The text on lines that can be compared: a member or a tag a line."""
    if written.pretty is not None:
        return written.pretty(text, 2).decode()
    if written.name in {"xml", "html"}:
        return text.decode().replace("<", "\n<").lstrip() + "\n"
    return text.decode()


def require_golden(name, text):
    path = GOLDEN / name
    if os.environ.get("RENEW_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_bytes().decode()


@pytest.mark.parametrize("written", FORMATS, ids=lambda each: each.name)
@pytest.mark.parametrize("name", PAGES)
def test_a_document_is_written_as_it_was_looked_at_last(written, name):
    document = PAGES[name]()
    is_problem = isinstance(document, Problem)
    if is_problem and written.name != "html":
        document.members["detail"] = 'A "<&>" b'
    text = (written.render_problem if is_problem else written.render)(document)
    require_golden(f"{name}.{written.name}", readable(written, text))


@pytest.mark.parametrize("written", [NDJSON, CSV], ids=lambda each: each.name)
def test_lines_are_written_as_they_were_looked_at_last(written):
    page = a_collection()
    page.inner = page.embedded["item"][0].shape
    text = readable(written, written.render(page))
    require_golden(f"collection.{written.name}", text)
