"""`waymark check`."""

import click


@click.command()
def check() -> None:
    """Not yet."""
