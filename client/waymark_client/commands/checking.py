"""`waymark check`: walk a service and tell what is wrong with it."""

from dataclasses import fields
from typing import Any

import click

from waymark_client.blocking import Waymark
from waymark_client.checking.crawler import Bounds, Crawl
from waymark_client.checking.reports import (
    faults_in,
    json_report,
    sarif_report,
    text_report,
)
from waymark_client.commands.common import REFUSED, connected, connecting, printable

_REPORTS = {"text": text_report, "json": json_report, "sarif": sarif_report}


_OPTIONS = (
    click.option("--depth", default=6, show_default=True, help="Links from the root."),
    click.option("--requests", default=2_000, show_default=True, help="At most."),
    click.option("--each-shape", default=3, show_default=True, help="Of URIs alike."),
    click.option("--rate", default=0.0, help="Requests a second, at most."),
    click.option(
        "--write", "is_writing", is_flag=True, help="Send the forms: it changes data."
    ),
)


@click.command()
@click.argument("url")
@click.option("--format", "form", type=click.Choice(list(_REPORTS)), default="text")
@connecting
def check(url: str, form: str, **options: Any) -> None:
    """Walk the service at URL, and tell what is wrong with it.

    Each fault comes with the answer that shows it. The exit code is 1 if there is one.
    """
    bounds = Bounds(**{each.name: options.pop(each.name) for each in fields(Bounds)})
    with connected(url, cache=None, **options) as client:
        crawl = checked(client, bounds)
    findings = list(crawl.findings.values())
    click.echo(printable(_REPORTS[form](findings, crawl.asked)))
    if faults_in(findings):
        raise SystemExit(REFUSED)


for bound in _OPTIONS:
    bound(check)


def checked(client: Waymark, bounds: Bounds) -> Crawl:
    """The walk through the client's service, at its end."""
    crawl = Crawl(client, bounds)
    client.driver.run(crawl.run())
    return crawl
