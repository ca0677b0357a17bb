"""`waymark check`: walk a service and tell what is wrong with it."""

from dataclasses import fields
from typing import Any

import click

from waymark_client.commands.common import REFUSED, connected, connecting, printable

_OPTIONS = (
    click.option("--depth", default=6, show_default=True, help="Links from the root."),
    click.option("--requests", default=2_000, show_default=True, help="At most."),
    click.option("--each-shape", default=3, show_default=True, help="Of URIs alike."),
    click.option("--rate", default=0.0, help="Requests a second, at most."),
    click.option(
        "--write", "is_writing", is_flag=True, help="Send the forms: it changes data."
    ),
)


@click.command(short_help="Tell what is wrong with a service.")
@click.argument("url")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text"
)
@connecting
def check(url: str, form: str, **options: Any) -> None:
    """Walk the service at URL, and tell what is wrong with it.

    Each fault comes with the answer that shows it. The exit code is 1 if there is one.
    """
    # Loading httplint takes half a second, for which no other command should wait.
    from waymark_client.checking import crawler, reports  # noqa: PLC0415

    names = [each.name for each in fields(crawler.Bounds)]
    bounds = crawler.Bounds(**{name: options.pop(name) for name in names})
    with connected(url, cache=None, **options) as client:
        crawl = crawler.crawled(client, bounds)
    findings = list(crawl.findings.values())
    click.echo(printable(reports.REPORTS[form](findings, crawl.asked)))
    if reports.faults_in(findings):
        raise SystemExit(REFUSED)


for bound in _OPTIONS:
    bound(check)
