"""`waymark walk`: an interactive walk, link by link and form by form."""

from collections.abc import Callable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from waymark_client.blocking import Form, Resource
from waymark_client.commands.common import connected, connecting, printable
from waymark_client.commands.showing import console, show
from waymark_client.errors import InvalidForm, Problem, WaymarkError
from waymark_client.forms import Field, Option
from waymark_client.links import Link
from waymark_client.templates import variables_of

Move = Callable[[], Resource]
Choice = tuple[str, Move]
_HIDDEN = frozenset({"self", "curies"})
_MOST_OPTIONS = 20


@click.command(short_help="Walk from link to link, and fill in forms.")
@click.argument("url")
@connecting
def walk(url: str, **connection: Any) -> None:
    """Walk through a service from URL: follow links by number, fill in its forms.

    A number takes a link or a form, b goes back, r reads again, q ends.
    """
    out = console()
    with connected(url, **connection) as client:
        way = [client.root()]
        while way:
            show(way[-1], "table", out, links=False)
            _move(way, out)


def _move(way: list[Resource], out: Console) -> None:
    """Change the way by what the user chooses."""
    here = way[-1]
    choices = _choices(here)
    for number, (label, _) in enumerate(choices, 1):
        out.print(Text(f"{number:>3}  {printable(label)}"))
    word = click.prompt("number, b, r or q", default="q", show_default=False).strip()
    if word == "q":
        way.clear()
    elif word == "b":
        del way[max(1, len(way) - 1) :]
    elif word == "r":
        way[-1] = here.refresh()
    elif word.isdecimal() and 0 < int(word) <= len(choices):
        _take(choices[int(word) - 1][1], way)
    else:
        click.echo(f"There is no {printable(word)}.")


def _take(move: Move, way: list[Resource]) -> None:
    """Go there; a refusal is told, and the walk goes on from here."""
    try:
        there = move()
    except Problem as ex:
        click.echo(f"Refused: {printable(str(ex))}")
    except WaymarkError as ex:
        click.echo(printable(str(ex)))
    else:
        way.append(
            there if there.response and there.response.body else way[0].refresh()
        )


def _choices(here: Resource) -> list[Choice]:
    """Everything that leads on: links, what is embedded, forms."""
    found: list[Choice] = []
    for rel, links in here.links.items():
        if rel not in _HIDDEN:
            found += [(_label(rel, link), _following(here, link)) for link in links]
    for rel in here.embedded_rels:
        found += [
            (f"{rel} {place}: {_summary(each)}", each.refresh)
            for place, each in enumerate(here.embedded(rel) or (), 1)
        ]
    for template in here.templates:
        form = Form(here, template)
        found.append((f"[{template.method}] {template.title}", _sending(form)))
    return found


def _label(rel: str, link: Link) -> str:
    parts = [rel, link.title or link.name or link.href, link.type]
    return " ".join(each for each in parts if each)


def _summary(document: Resource) -> str:
    texts = [
        str(each) for each in document.state.values() if isinstance(each, str | int)
    ]
    return ", ".join(texts[:3])[:70]


def _following(here: Resource, link: Link) -> Move:
    def move() -> Resource:
        names = variables_of(link.href) if link.is_templated else {}
        return here.follow(link, **_asked_for(names))

    return move


def _asked_for(names: dict[str, bool]) -> dict[str, str]:
    given = {
        name: click.prompt(name, default=None if needed else "", show_default=False)
        for name, needed in names.items()
    }
    return {name: value for name, value in given.items() if value != ""}


def _sending(form: Form) -> Move:
    def move() -> Resource:
        values: dict[str, Any] = {}
        if not form.fields and not click.confirm(f"{form.template.title}?"):
            return form.here
        for field in form.fields.values():
            if not field.is_read_only:
                values[field.name] = _value_of(form, field)
        return form.submit(values)

    return move


def _value_of(form: Form, field: Field) -> str:
    """What the user gives, asked again until it keeps to what the field tells."""
    options = form.options(field.name) if field.source or field.options else ()
    for option in options[:_MOST_OPTIONS]:
        click.echo(f"      {printable(str(option.value))}  {printable(option.prompt)}")
    shown = "" if field.value is None else str(field.value)
    mark = "*" * field.is_required
    return str(
        click.prompt(
            f"{printable(field.prompt)}{mark}",
            default=shown,
            show_default=bool(shown),
            value_proc=lambda text: _checked(field, text, options),
        )
    )


def _checked(field: Field, text: str, options: Sequence[Option]) -> str:
    """The value that was meant: what an option is called stands for its value."""
    meant = next((str(each.value) for each in options if each.prompt == text), text)
    faults = list(field.faults(meant))
    if faults:
        raise click.BadParameter(printable(str(InvalidForm(faults))))
    return meant
