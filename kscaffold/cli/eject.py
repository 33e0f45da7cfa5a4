"""`kscaffold eject TEMPLATE`."""

from __future__ import annotations

import sys

import click

from kscaffold.base.errors import RequestError
from kscaffold.cli._completion import complete_part

EPILOG = """\b
Examples:
  kscaffold eject layer/dense
  kscaffold eject style/functional
  kscaffold eject test/layer --user
"""


@click.command("eject", short_help="Copy a built-in template, to edit it.", epilog=EPILOG)
@click.argument("template", shell_complete=complete_part)
@click.option("--user", "for_user", is_flag=True, help="Into your own templates, for all your projects.")
@click.option("--dry-run", is_flag=True, help="Do everything but write.")
@click.option("--diff", is_flag=True, help="Print unified diffs of the files.")
@click.option("--force", is_flag=True, help="Overwrite files that exist with other content.")
@click.option("--skip", is_flag=True, help="Keep files that exist with other content.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def command(
    template: str,
    for_user: bool,
    dry_run: bool,
    diff: bool,
    force: bool,
    skip: bool,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """Copy the built-in TEMPLATE (layer/dense, model/mlp, style/functional, test/layer) into the project.

    It goes below .kscaffold/templates/, or where [tool.kscaffold] says that the templates of the project are, and is
    used there in the place of the built-in one.
    """
    if force and skip:
        raise RequestError("--force and --skip exclude each other.", hint="Give one of them.")
    from kscaffold.cli._generating import ask_about_conflicts
    from kscaffold.disk.writer import Status
    from kscaffold.library.eject import eject

    asks = not as_json and sys.stdin.isatty() and sys.stderr.isatty()
    ejection = eject(
        template,
        for_user,
        Status.FORCE if force else Status.SKIP if skip else None,
        dry_run,
        ask_about_conflicts if asks else lambda plan: {},
    )

    from kscaffold.cli import words as report
    from kscaffold.cli.words import eject as words

    if as_json:
        click.echo(report.dump(words.ejection_json(ejection, dry_run, diff)))
        return int(ejection.exit_code)
    for warning in ejection.warnings:
        click.echo(f"{click.style('warning', fg='yellow')}: {warning}", err=True)
    for line in () if quiet else words.ejection_lines(ejection, diff):
        click.echo(line)
    message = report.conflict_message(ejection.plan)
    if message:
        click.echo(f"{click.style('error', fg='red')}: {message}", err=True)
    return int(ejection.exit_code)
