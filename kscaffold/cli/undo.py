"""`kscaffold undo`."""

from __future__ import annotations

import click


@click.command("undo", short_help="Take back what was generated last in this project.")
@click.option("--dry-run", is_flag=True, help="Do everything but write.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def command(dry_run: bool, as_json: bool, quiet: bool, debug: bool) -> int:
    """Remove the files that the last command generated in this project, and put back what it changed.

    Each further call takes back the one before. If a file is no longer as it was generated, the difference is printed,
    and nothing is taken back.
    """
    from kscaffold.disk.undo import undo_last

    undone = undo_last(dry_run)

    from kscaffold.cli import words as report
    from kscaffold.cli.words import undo as words

    if as_json:
        click.echo(report.dump(words.undo_json(undone, dry_run)))
        return int(undone.exit_code)
    if not quiet:
        for line in words.undo_lines(undone):
            click.echo(line)
    message = words.undo_failure(undone)
    if message:
        click.echo(f"{click.style('error', fg='red')}: {message}", err=True)
    return int(undone.exit_code)
