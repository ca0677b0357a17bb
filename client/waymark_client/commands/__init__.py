"""The command `waymark`: walk a service, read, send forms, export, check."""

import click

from waymark_client.commands.checking import check
from waymark_client.commands.exporting import export
from waymark_client.commands.reading import get, submit
from waymark_client.commands.walking import walk

_TOLD = """
\b
Exit codes: 0 done, 1 refused or faults found, 2 wrong usage,
3 no answer, 4 no such link or form, or wrong values.
\b
Completion (bash, zsh or fish):
eval "$(_WAYMARK_COMPLETE=bash_source waymark)"
"""


@click.group(epilog=_TOLD, context_settings={"help_option_names": ["-h", "--help"]})
def waymark() -> None:
    """Use any HAL service from the terminal."""


for each in (walk, get, submit, export, check):
    waymark.add_command(each)
