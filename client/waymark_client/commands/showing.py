"""Documents in a terminal: as a table, as JSON, as a tree."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from waymark_client.blocking import Resource
from waymark_client.commands.common import printable
from waymark_client.links import Link

FORMATS = ("table", "json", "tree")
_PAGE_LINKS = frozenset({"first", "next", "prev", "last"})
_TOTALS = ("total", "totalItems", "totalElements", "total_items")
_WIDE = 200
"""Characters of a line that goes into a pipe or a file."""
_WIDEST = 40
"""Characters of a cell in a row."""
_MOST_ROWS = 200
_OF_COLUMN = 3
"""Characters that a column takes beside its cells: a border and two blanks."""


def console() -> Console:
    """Where to write; without colours into a pipe, or where NO_COLOR is set."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=_WIDE)


def show(here: Resource, form: str, out: Console, *, links: bool = True) -> None:
    """Write the document in one of the formats, a table with or without its links.

    What is no HAL is written as the text that it is.
    """
    if not here.told and here.text:
        out.print(_plain(here), soft_wrap=True)
    elif form == "json":
        out.print(
            Text(json.dumps(here.told, indent=2, ensure_ascii=False)), soft_wrap=True
        )
    elif form == "tree":
        out.print(_tree(here))
    else:
        out.print(*_tables(here, out.width, links=links), sep="\n")


def cell(value: Any) -> Text:
    """A value as text that nothing in it can make into anything else."""
    if value is None:
        return Text("")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Text(printable(text), overflow="ellipsis")


def total_of(here: Resource) -> int | None:
    """How many the collection holds, under the names that servers give it."""
    page = here.state.get("page")
    named = {**(page if isinstance(page, dict) else {}), **here.state}
    found = [named[each] for each in _TOTALS if isinstance(named.get(each), int)]
    return found[0] if found else None


def _plain(here: Resource) -> Text:
    body = here.response.body if here.response else b""
    try:
        return Text(printable(body.decode()))
    except UnicodeDecodeError:
        return Text(f"{len(body)} octets that are no text")


def _tables(here: Resource, width: int, *, links: bool) -> Iterator[RenderableType]:
    rel = here.item_rel
    rows = here.embedded(rel) if rel else None
    if not _PAGE_LINKS & set(here.links):
        yield cell(here.uri)
        yield _pairs(here, here.links if links else {})
    if rows is not None:
        columns = _columns(rows[:_MOST_ROWS])
        shown = _fitting(columns, width)
        yield _rows(shown)
        yield Text(
            _caption(here, rows, [each for each in columns if each not in shown])
        )


def _columns(rows: Sequence[Resource]) -> dict[str, list[Text]]:
    """The columns that hold anything, each cell cut short; without any the URIs."""
    names = dict.fromkeys(name for each in rows for name in each.state)
    columns = {name: [_short(each.state.get(name)) for each in rows] for name in names}
    filled = {name: cells for name, cells in columns.items() if any(cells)}
    return filled or {"self": [cell(each.uri) for each in rows]}


def _fitting(columns: dict[str, list[Text]], width: int) -> dict[str, list[Text]]:
    """The columns that have a place beside each other, and at least the first."""
    fitting: dict[str, list[Text]] = {}
    left = width - 1
    for name, cells in columns.items():
        wide = max(each.cell_len for each in (cell(name), *cells)) + _OF_COLUMN
        if wide <= left or not fitting:
            fitting[name] = cells
            left -= wide
    return fitting


def _short(value: Any) -> Text:
    text = cell(value)
    text.truncate(_WIDEST, overflow="ellipsis")
    return text


def _rows(columns: dict[str, list[Text]]) -> Table:
    table = Table()
    for name in columns:
        table.add_column(cell(name), no_wrap=True)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    return table


def _pairs(here: Resource, shown: Mapping[str, tuple[Link, ...]]) -> Table:
    table = Table(show_header=False)
    for name, value in here.state.items():
        table.add_row(cell(name), cell(value))
    for rel, links in shown.items():
        for link in links:
            table.add_row(cell(f"→ {rel}"), cell(link.href))
    return table


def _caption(here: Resource, rows: Sequence[Resource], hidden: list[str]) -> str:
    total = total_of(here)
    count = min(len(rows), _MOST_ROWS)
    whole = len(rows) if total is None else total
    without = f", without {', '.join(map(printable, hidden))}" * bool(hidden)
    return f"{count} of {whole}{without}"


def _tree(here: Resource) -> Tree:
    tree = Tree(cell(here.uri))
    for name, value in here.state.items():
        tree.add(cell(name).append(": ").append(cell(value)))
    for rel, links in here.links.items():
        branch = tree.add(cell(f"→ {rel}"))
        for link in links:
            branch.add(cell(link.href))
    for template in here.templates:
        branch = tree.add(cell(f"✎ {template.name}: {template.title}"))
        for field in template.fields:
            branch.add(
                cell(f"{field.name} ({field.type})" + " required" * field.is_required)
            )
    for rel in here.embedded_rels:
        branch = tree.add(cell(f"▣ {rel}"))
        for inner in here.embedded(rel) or ():
            branch.add(_tree(inner))
    return tree
