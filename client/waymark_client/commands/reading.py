"""`waymark get` and `waymark submit`: follow relations, show or send what is there."""

from typing import Any

import click

from waymark_client.commands.common import (
    complete_relation,
    connected,
    connecting,
    parted,
    reached,
)
from waymark_client.commands.showing import FORMATS, console, show

shown_as = click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True
)


@click.command(short_help="Follow relations, and print where they lead.")
@click.argument("url")
@click.argument(
    "words", nargs=-1, shell_complete=complete_relation, metavar="[REL|NAME=VALUE]..."
)
@shown_as
@connecting
def get(url: str, words: tuple[str, ...], form: str, **connection: Any) -> None:
    """Follow the relations from URL, and print where they lead.

    NAME=VALUE fills in the templated links on the way.
    """
    with connected(url, **connection) as client:
        show(reached(client, words), form, console())


@click.command(short_help="Follow relations, and send a form.")
@click.argument("url")
@click.argument(
    "words", nargs=-1, shell_complete=complete_relation, metavar="[REL|NAME=VALUE]..."
)
@click.option(
    "--form",
    "name",
    help="Its key, the relation where it leads, or new, edit, change, delete, search.",
)
@click.option(
    "--at", multiple=True, metavar="NAME=VALUE", help="Fill in a link on the way."
)
@shown_as
@connecting
def submit(
    url: str,
    words: tuple[str, ...],
    name: str | None,
    at: tuple[str, ...],
    form: str,
    **connection: Any,
) -> None:
    """Follow the relations from URL, and send a form that is offered there.

    NAME=VALUE fills in the fields; what the form shows already is sent along.
    """
    way, values = parted(words)
    with connected(url, **connection) as client:
        here = reached(client, [*way, *at])
        show(here.form(name).submit(values), form, console())
