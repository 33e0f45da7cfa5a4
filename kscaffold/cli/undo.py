"""`kscaffold undo`."""

from __future__ import annotations

import click

from kscaffold.cli._output import DRY_RUN, JSON, QUIET, Output, tell, with_output


@click.command("undo", short_help="Take back what was generated last in this project.")
@with_output(DRY_RUN, JSON, QUIET)
def command(output: Output) -> int:
    """Remove the files that the last command generated in this project, and put back what it changed.

    Each further call takes back the one before. If a file is no longer as it was generated, the difference is printed,
    and nothing is taken back.
    """
    from kscaffold.disk.undo import undo_last

    undone = undo_last(output.dry_run)

    from kscaffold.cli.words import undo as words

    return tell(words.report(undone, output), output)
