"""`kscaffold list`."""

import click

from kscaffold.cli._output import JSON, Output, tell, with_output
from kscaffold.cli.words import Report


@click.command("list", short_help="The templates there are.")
@with_output(JSON)
def command(output: Output) -> int:
    """Print the templates there are, each with its kind, its name and what it makes."""
    from kscaffold.kinds.describe import summarize_templates

    summaries = summarize_templates()
    origins = [", hides ".join((item.source, *item.overrides)) for item in summaries]
    first, second = max(len(item.name) for item in summaries), max(map(len, origins))
    lines = []
    for item, origin in zip(summaries, origins, strict=True):
        name = click.style(f"{item.name:<{first}}", fg="red" if item.broken else "green")
        lines.append(f"{name}  {origin:<{second}}  {item.summary}")
    return tell(Report({"templates": [dict(vars(summary)) for summary in summaries]}, lines), output)
