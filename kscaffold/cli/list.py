"""`kscaffold list`."""

from __future__ import annotations

import click


@click.command("list", short_help="The templates there are.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def command(as_json: bool, debug: bool) -> int:
    """Print the templates there are, each with its kind, its name and what it makes."""
    from kscaffold.cli import words as report
    from kscaffold.cli.words import templates
    from kscaffold.kinds.describe import summarize_templates

    summaries = summarize_templates()
    if as_json:
        click.echo(report.dump(templates.templates_json(summaries)))
    else:
        for line in templates.template_list_lines(summaries):
            click.echo(line)
    return 0
