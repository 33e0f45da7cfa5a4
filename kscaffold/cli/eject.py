"""`kscaffold eject TEMPLATE`."""

from __future__ import annotations

import click

from kscaffold.cli._output import (
    DIFF,
    DRY_RUN,
    FORCE,
    JSON,
    QUIET,
    SKIP,
    Offer,
    Output,
    flag,
    offers,
    tell,
    with_output,
)

EPILOG = """\b
Examples:
  kscaffold eject layer/dense
  kscaffold eject style/functional
  kscaffold eject test/layer --user
"""


@click.command("eject", short_help="Copy a built-in template, to edit it.", epilog=EPILOG)
@click.argument("template", shell_complete=offers(Offer.PARTS))
@flag("--user for_user", "Into your own templates, for all your projects.")
@with_output(DRY_RUN, DIFF, FORCE, SKIP, JSON, QUIET)
def command(template: str, for_user: bool, output: Output) -> int:
    """Copy the built-in TEMPLATE (layer/dense, model/mlp, style/functional, test/layer) into the project.

    It goes below .kscaffold/templates/, or where [tool.kscaffold] says that the templates of the project are, and is
    used there in the place of the built-in one.
    """
    from kscaffold.library.eject import eject

    ejection = eject(template, for_user, output.on_conflict, output.dry_run, output.resolve)

    from kscaffold.cli.words import eject as words

    return tell(words.report(ejection, output), output)
