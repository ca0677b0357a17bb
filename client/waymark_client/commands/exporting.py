"""`waymark export`: a whole collection as NDJSON or CSV, with a progress bar."""

import csv
import json
from collections.abc import Callable, Iterator
from typing import IO, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from waymark_client.blocking import Resource
from waymark_client.commands.common import (
    complete_relation,
    connected,
    connecting,
    reached,
)
from waymark_client.commands.showing import total_of
from waymark_client.errors import NotReadable

Writer = Callable[[dict[str, Any]], None]


@click.command(short_help="Write all that a collection holds.")
@click.argument("url")
@click.argument(
    "words", nargs=-1, shell_complete=complete_relation, metavar="[REL|NAME=VALUE]..."
)
@click.option(
    "--format", "form", type=click.Choice(["ndjson", "csv"]), default="ndjson"
)
@click.option(
    "-o", "--output", type=click.File("w", encoding="utf-8", lazy=False), default="-"
)
@connecting
def export(
    url: str, words: tuple[str, ...], form: str, output: IO[str], **connection: Any
) -> None:
    """Follow the relations from URL, and write all that the collection there holds.

    The service's own stream is used where there is one, else page after page.
    """
    with connected(url, **connection) as client:
        here = reached(client, words)
        write = _csv(output) if form == "csv" else _ndjson(output)
        with Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        ) as progress:
            bar = progress.add_task("", total=total_of(here))
            for row in _rows(here):
                write(row.state)
                progress.advance(bar)


def _rows(here: Resource) -> Iterator[Resource]:
    """What the collection holds.

    Raises:
        NotReadable: it is none, neither a list nor a total nor a stream is told.
    """
    types = {link.type for link in here.links.get("alternate", ())}
    if "application/x-ndjson" in types:
        return here.stream()
    if here.item_rel is None and total_of(here) is None:
        raise NotReadable(f"{here.uri} is no collection")
    return here.items()


def _ndjson(output: IO[str]) -> Writer:
    def write(state: dict[str, Any]) -> None:
        output.write(json.dumps(state, ensure_ascii=False) + "\n")

    return write


def _csv(output: IO[str]) -> Writer:
    """Rows below a header of the first one's members; lists and objects are JSON.

    Raises:
        NotReadable: a later row has a member that the first had not.
    """
    writer = csv.writer(output, lineterminator="\r\n")
    columns: list[str] = []

    def write(state: dict[str, Any]) -> None:
        if not columns:
            columns.extend(state)
            writer.writerow(columns)
        if new := [name for name in state if name not in columns]:
            raise NotReadable(f"no table: {', '.join(new)} came late; try NDJSON")
        writer.writerow([_cell(state.get(name)) for name in columns])

    return write


def _cell(value: Any) -> str:
    """A value as a cell, which no spreadsheet takes for something to calculate."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return (
        f"'{value}"
        if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        else value
    )
