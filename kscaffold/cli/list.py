"""`kscaffold list`."""

from __future__ import annotations

import click

from kscaffold.cli._output import JSON, Output, tell, with_output


@click.command("list", short_help="The templates there are.")
@with_output(JSON)
def command(output: Output) -> int:
    """Print the templates there are, each with its kind, its name and what it makes."""
    from kscaffold.cli.words import templates as words
    from kscaffold.kinds.describe import summarize_templates

    return tell(words.listing(summarize_templates()), output)
