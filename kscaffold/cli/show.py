"""`kscaffold show TEMPLATE`."""

from __future__ import annotations

import click

from kscaffold.cli._completion import complete_template


@click.command("show", short_help="What a template takes and gives.")
@click.argument("template", shell_complete=complete_template)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def command(template: str, as_json: bool, debug: bool) -> int:
    """Print what TEMPLATE (dense, or layer/dense) makes, its arguments, its shapes, and a command that uses it."""
    from kscaffold.cli import words as report
    from kscaffold.cli.words import templates
    from kscaffold.kinds.describe import describe_template

    described = describe_template(template)
    if as_json:
        click.echo(report.dump(templates.template_json(described)))
    else:
        for line in templates.template_lines(described):
            click.echo(line)
    return 0
