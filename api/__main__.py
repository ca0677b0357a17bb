"""The operator's commands: `python -m api --help`."""

import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from api import sample
from api.authentication import tokens
from api.catalogue import CatalogueFault, read_catalogue
from api.documents import KINDS
from api.hypermedia.document import UNCARRIED
from api.models.base import now, timestamp
from api.roles import GRANTED, Role
from api.settings import Settings, SettingsFault, read_settings
from api.storage.backup import back_up, faults_in
from api.storage.copying import NotCopied, copy_all, number_of_rows
from api.storage.engine import Connection
from api.storage.loading import digest_of, is_loaded, load_books
from api.storage.migrations import NotReachable, NotReady, require_current
from api.storage.migrations import migrate as migrate_database
from api.storage.opening import engine_at, exclusively
from api.storage.sampling import make_sample
from api.storage.tokens import (
    NewToken,
    keep_token,
    list_tokens,
    revoke_token,
    role_of_user,
    state_of,
)

_GZIP_TRAILER = 4
_LONGEST_NAME = 100
_UNNAMED = re.compile(rf"[\t\n\r]|{UNCARRIED.pattern}")
_LIFETIME = re.compile("([1-9][0-9]{0,3})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
CATALOGUE = Path(__file__).parent.parent / "data" / "gutenberg.csv.gz"


@click.group(help="Commands for whoever runs Waymark.")
@click.pass_context
def main(context: click.Context) -> None:
    """Read the settings that every command needs."""
    try:
        context.obj = read_settings()
    except SettingsFault as ex:
        raise click.ClickException(str(ex)) from ex


@main.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Check the settings and show them."""
    for name, value in settings.shown():
        click.echo(f"{name}={value}")


@main.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database to the newest form."""
    try:
        migrate_database(settings.database_url)
    except NotReachable as ex:
        raise click.ClickException(str(ex)) from ex


@main.command()
@click.argument("file", type=click.Path(path_type=Path), default=CATALOGUE)
@click.pass_obj
def load_catalogue(settings: Settings, file: Path) -> None:
    """Load a catalogue of Project Gutenberg; a known file is not read again."""
    if not file.is_file():
        raise click.ClickException(f"there is no file {file}")
    digest = digest_of(file)
    try:
        with _database(settings) as connection:
            if is_loaded(connection, digest):
                return
            with (
                exclusively(connection),
                click.progressbar(length=_books_in(file), label="Loading books") as bar,
            ):
                new = load_books(connection, read_catalogue(file), digest, bar.update)
    except CatalogueFault as ex:
        raise click.ClickException(f"nothing was loaded: {ex}") from ex
    click.echo(f"{new:,} books loaded.")


@main.command()
@click.pass_obj
def load_sample(settings: Settings) -> None:
    """Make an invented sample shop, once; its books are those that are loaded."""
    with _database(settings) as connection, exclusively(connection):
        is_new = make_sample(connection)
    if is_new:
        click.echo(
            f"{len(sample.PRODUCTS)} products, {len(sample.CUSTOMERS)} customers, "
            f"{len(sample.ORDERS)} orders made."
        )


@main.group()
def token() -> None:
    """Make, list and revoke tokens, for WAYMARK_AUTH=token."""


@token.command("create")
@click.option("--user", required=True, metavar="NAME", help="Who will use it.")
@click.option("--role", required=True, type=click.Choice([*map(str, GRANTED)]))
@click.option("--expires", metavar="DURATION", help="Such as 12h, 30d or 8w.")
@click.pass_obj
def create_token(settings: Settings, user: str, role: str, expires: str | None) -> None:
    """Print a new token, and nothing else, on standard output.

    Where a user has the name, the lesser of the user's role and the token's counts.
    """
    made = tokens.new_token()
    kept = NewToken(
        digest=tokens.digest_of(made),
        beginning=tokens.beginning_of(made),
        user=_name_of(user),
        role=Role(role),
        expires=_end_of(expires),
    )
    with _database(settings) as connection, exclusively(connection):
        number = keep_token(connection, kept)
        user_role = role_of_user(connection, kept.user)
    for line in _remarks(number, kept, user_role):
        click.echo(line, err=True)
    click.echo(made)


@token.command("list")
@click.pass_obj
def show_tokens(settings: Settings) -> None:
    """Show all tokens: to whom they were given, and in which state they are."""
    with _database(settings) as connection:
        rows = list_tokens(connection)
    moment = now()
    lines = [
        (
            str(row.id),
            row.beginning,
            _UNNAMED.sub("\N{REPLACEMENT CHARACTER}", row.user),
            row.role,
            _to_the_second(row.created),
            _to_the_second(row.expires),
            row.used or "never",
            state_of(row, moment),
        )
        for row in rows
    ]
    heads = ("ID", "BEGINNING", "USER", "ROLE", "CREATED", "EXPIRES", "LAST USED")
    for line in _aligned([(*heads, "STATE"), *lines]):
        click.echo(line)


@token.command("revoke")
@click.argument("number", metavar="ID", type=click.IntRange(1, sys.maxsize))
@click.pass_obj
def end_token(settings: Settings, number: int) -> None:
    """Revoke the token of that id, which `token list` shows, at once and for ever."""
    with _database(settings) as connection, exclusively(connection):
        is_there = revoke_token(connection, number)
    if not is_there:
        raise click.ClickException(f"there is no token {number}")
    click.echo(f"Token {number} is revoked.")


@main.command()
@click.option("--check", is_flag=True, help="Read a backup through instead.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(settings: Settings, file: Path, *, check: bool) -> None:
    """Copy the database to FILE while it is served, and check the copy."""
    if not check:
        with _database(settings) as connection, click.progressbar(length=1) as bar:
            bar.label = "Copying"

            def show(left: int, whole: int) -> None:
                bar.length = whole
                bar.update(whole - left - bar.pos)

            try:
                back_up(connection, file, show)
            except OSError as ex:
                raise click.ClickException(f"{file} can't be written: {ex}") from ex
    if not file.is_file():
        raise click.ClickException(f"there is no file {file}")
    faults = faults_in(file, [kind.model for kind in KINDS])
    if faults:
        raise click.ClickException("\n".join([f"{file} is damaged:", *faults]))
    click.echo(f"{file} is whole.")


@main.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
def copy(source: str, target: str) -> None:
    """Copy the whole shop at one URL to an empty, migrated database at another.

    Nobody may write to the source meanwhile. The copy is compared before it is kept.
    """
    try:
        with (
            _database_at(source) as old,
            _database_at(target) as new,
            exclusively(new),
            click.progressbar(length=number_of_rows(old), label="Copying") as bar,
        ):
            copied = copy_all(old, new, bar.update)
    except NotCopied as ex:
        raise click.ClickException(f"nothing was copied: {ex}") from ex
    for name, count in copied.items():
        click.echo(f"{count:>12,} {name}")


def _database(settings: Settings) -> AbstractContextManager[Connection]:
    """A connection to the database, which must have the newest form."""
    return _database_at(settings.database_url)


@contextmanager
def _database_at(url: str) -> Iterator[Connection]:
    try:
        require_current(url)
    except NotReady as ex:
        raise click.ClickException(str(ex)) from ex
    engine = engine_at(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _books_in(file: Path) -> int:
    """About how many books a file holds, from the size that gzip notes at its end."""
    average = 268
    if file.stat().st_size < _GZIP_TRAILER:
        return 0
    with file.open("rb") as raw:
        raw.seek(-_GZIP_TRAILER, 2)
        return int.from_bytes(raw.read(_GZIP_TRAILER), "little") // average


def _name_of(user: str) -> str:
    """The name in Unicode's normal form C, as those of users are kept."""
    name = unicodedata.normalize("NFC", user)
    if not 1 <= len(name) <= _LONGEST_NAME or _UNNAMED.search(name):
        raise click.BadParameter(
            f"a name has 1 to {_LONGEST_NAME} characters, no control characters",
            param_hint="--user",
        )
    return name


def _end_of(lifetime: str | None) -> str | None:
    """When a token expires that is made now; None if it never does."""
    if lifetime is None:
        return None
    found = _LIFETIME.fullmatch(lifetime)
    if found is None:
        raise click.BadParameter(
            f"{lifetime!r} is no duration: write 12h, 30d or 8w, at most 9999 of each",
            param_hint="--expires",
        )
    return timestamp(datetime.now(UTC) + timedelta(**{_UNITS[found[2]]: int(found[1])}))


def _remarks(number: int, kept: NewToken, user_role: Role | None) -> Iterator[str]:
    """What an operator should know of a new token, line by line."""
    yield f"This is token {number}; it is shown only this once."
    if kept.expires is None:
        yield "It never expires."
    else:
        yield f"It expires at {_to_the_second(kept.expires)}."
    if user_role is None:
        yield f"No user is named {kept.user!r}, so the token's role alone counts."
    else:
        yield f"{kept.user!r} is registered as {user_role}: the lesser role counts."


def _to_the_second(moment: str | None) -> str:
    return "never" if moment is None else f"{moment.partition('.')[0]}Z"


def _aligned(lines: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The lines of a table whose columns are as wide as they must be."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = map(str.ljust, line, widths)
        yield "  ".join(cells).rstrip()


if __name__ == "__main__":
    sys.exit(main(prog_name="python -m api"))
