"""`kscaffold show TEMPLATE`."""

from __future__ import annotations

import click

from kscaffold.cli._output import JSON, Offer, Output, offers, tell, with_output


@click.command("show", short_help="What a template takes and gives.")
@click.argument("template", shell_complete=offers(Offer.TEMPLATES))
@with_output(JSON)
def command(template: str, output: Output) -> int:
    """Print what TEMPLATE (dense, or layer/dense) makes, its arguments, its shapes, and a command that uses it."""
    from kscaffold.cli.words import templates as words
    from kscaffold.kinds.describe import describe_template

    return tell(words.description(describe_template(template)), output)
