"""What the commands share: options, the client made of them, exit codes, completion."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import click

from waymark_client.blocking import Resource, Waymark
from waymark_client.errors import Interrupted, Problem, WaymarkError
from waymark_client.exchange import Failure, Request, Response
from waymark_client.retrying import Retries

F = TypeVar("F", bound=Callable[..., Any])

REFUSED, NO_ANSWER, NOT_POSSIBLE = 1, 3, 4
_PAIR = re.compile(r"([\w.-]+)=(.*)", re.DOTALL)
_COMPLETION_PATIENCE = 2.0


def connecting(command: F) -> F:
    """Give a command the options of a connection."""
    options = (
        click.option("--token", envvar="WAYMARK_TOKEN", help="A bearer token."),
        click.option("--timeout", default=10.0, show_default=True, help="In seconds."),
        click.option("--trace", is_flag=True, help="Show each request."),
    )
    for option in options:
        command = option(command)
    return command


@contextmanager
def connected(
    url: str, *, token: str | None, timeout: float, trace: bool, **options: Any
) -> Iterator[Waymark]:
    """A client; what goes wrong is told, and ends the command with its exit code.

    Options of the client can be handed in as the object of click's context.
    """
    watch = _shown if trace else None
    full = url if "://" in url else f"http://{url}"
    given = click.get_current_context().find_object(dict) or {}
    # People wait for a second or two, not for as long as a program would.
    options["retries"] = Retries(attempts=3)
    options = {"token": token, "timeout": timeout, "trace": watch, **options, **given}
    try:
        with Waymark(full, **options) as client:
            yield client
    except WaymarkError as ex:
        click.echo(f"waymark: {printable(str(ex))}", err=True)
        raise SystemExit(_exit_code(ex)) from ex


def parted(words: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Relations, and the variables among them, which hold an equals sign.

    A variable that is given several times is a list.
    """
    way: list[str] = []
    variables: dict[str, Any] = {}
    for word in words:
        pair = _PAIR.fullmatch(word)
        if pair is None:
            way.append(word)
            continue
        name, value = pair[1], pair[2]
        before = variables.get(name)
        several = before if isinstance(before, list) else [before]
        variables[name] = value if name not in variables else [*several, value]
    return way, variables


def printable(text: str) -> str:
    """The text without what a terminal would obey."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def complete_relation(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[str]:
    """The relations that lead on from where the words so far have come."""
    way, variables = parted(context.params.get("words") or ())
    given = {"retries": Retries(attempts=1), **(context.find_object(dict) or {})}
    url, token = context.params["url"], context.params.get("token")
    with (
        suppress(Exception),
        Waymark(url, token=token, timeout=_COMPLETION_PATIENCE, **given) as client,
    ):
        here = client.follow(*way, **variables)
        names = {*here.links, *here.embedded_rels} - {"self", "curies"}
        return sorted(name for name in names if name.startswith(incomplete))
    return []


def reached(client: Waymark, words: Sequence[str]) -> Resource:
    """Where the words lead from the root."""
    way, variables = parted(words)
    return client.follow(*way, **variables)


def _exit_code(ex: WaymarkError) -> int:
    if isinstance(ex, Problem):
        return REFUSED
    return NO_ANSWER if isinstance(ex, Interrupted) else NOT_POSSIBLE


def _shown(request: Request, outcome: Response | Failure) -> None:
    click.echo(f"> {request.method} {printable(request.uri)}", err=True)
    if isinstance(outcome, Failure):
        click.echo(f"< {printable(outcome.reason)}", err=True)
        return
    kind = printable(outcome.headers.get("content-type", "without a body"))
    click.echo(f"< {outcome.status} {kind}, {len(outcome.body)} octets", err=True)
