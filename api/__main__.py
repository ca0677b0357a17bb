"""The operator's commands: `python -m api --help`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from api import sample
from api.catalogue import CatalogueFault, read_catalogue
from api.settings import Settings, SettingsFault, read_settings
from api.storage.engine import Connection, sqlite_engine
from api.storage.loading import digest_of, is_loaded, load_books
from api.storage.migrations import NotCurrent, require_current
from api.storage.migrations import migrate as migrate_database
from api.storage.sampling import make_sample
from api.storage.writer import exclusively

_GZIP_TRAILER = 4
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
    for name in settings.__slots__:
        click.echo(f"{name}: {getattr(settings, name)}")


@main.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database to the newest form."""
    migrate_database(settings.database_url)


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


@contextmanager
def _database(settings: Settings) -> Iterator[Connection]:
    """A connection to the database, which must have the newest form."""
    try:
        require_current(settings.database_url)
    except NotCurrent as ex:
        raise click.ClickException(str(ex)) from ex
    engine = sqlite_engine(settings.database_url)
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


if __name__ == "__main__":
    sys.exit(main(prog_name="python -m api"))
