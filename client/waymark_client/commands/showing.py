"""Documents in a terminal: as a table, as JSON, as a tree."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
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
"""Columns of a table that goes into a pipe or a file."""


def console() -> Console:
    """Where to write; without colours into a pipe, or where NO_COLOR is set."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=_WIDE)


def show(here: Resource, form: str, out: Console, *, links: bool = True) -> None:
    """Write the document in one of the formats, a table with or without its links."""
    if form == "json":
        out.print(
            Text(json.dumps(here.told, indent=2, ensure_ascii=False)), soft_wrap=True
        )
    elif form == "tree":
        out.print(_tree(here))
    else:
        for table in _tables(here, links=links):
            out.print(table)


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


def _tables(here: Resource, *, links: bool) -> Iterator[Table]:
    rel = here.item_rel
    rows = here.embedded(rel) if rel else None
    if not _PAGE_LINKS & set(here.links):
        yield _pairs(here, here.links if links else {})
    if rows is not None:
        yield _rows(here, rows)


def _rows(here: Resource, rows: Sequence[Resource]) -> Table:
    columns = list(dict.fromkeys(name for each in rows for name in each.state))
    table = Table(caption=Text(_caption(here, len(rows))))
    for name in columns:
        table.add_column(cell(name), no_wrap=True)
    for each in rows:
        table.add_row(*(cell(each.state.get(name)) for name in columns))
    return table


def _pairs(here: Resource, shown: Mapping[str, tuple[Link, ...]]) -> Table:
    table = Table(show_header=False, title=cell(here.uri))
    for name, value in here.state.items():
        table.add_row(cell(name), cell(value))
    for rel, links in shown.items():
        for link in links:
            table.add_row(cell(f"→ {rel}"), cell(link.href))
    return table


def _caption(here: Resource, count: int) -> str:
    total = total_of(here)
    return f"{count}" if total is None else f"{count} of {total}"


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
