"""`kscaffold eject TEMPLATE`."""

import click

from kscaffold.cli._output import JSON, QUIET, WRITING, Output, flag, offers, tell, with_output

EPILOG = """\b
Examples:
  kscaffold eject layer/dense
  kscaffold eject style/functional
  kscaffold eject test/layer --user
"""
# How a template is used, by its kind; those of the other kinds are used by every command.
USES = {"layer": "kscaffold layer NAME -t {}", "model": "kscaffold model NAME -t {}"}


@click.command("eject", short_help="Copy a built-in template, to edit it.", epilog=EPILOG)
@click.argument("template", shell_complete=offers("parts"))
@flag("--user for_user", "Into your own templates, for all your projects.")
@with_output(*WRITING, JSON, QUIET)
def command(template: str, for_user: bool, output: Output) -> int:
    """Copy the built-in TEMPLATE (layer/dense, model/mlp, style/functional, test/layer) into the project.

    It goes below .kscaffold/templates/, or where [tool.kscaffold] says that the templates of the project are, and is
    used there in the place of the built-in one.
    """
    from kscaffold.cli.words.outcome import report
    from kscaffold.kinds.eject import eject

    outcome = eject(template, for_user, output.on_conflict, output.dry_run, output.resolve)
    said = report(outcome, output)
    kind, _, name = outcome.template.partition("/")
    if outcome.written and kind in USES and name != "base" and not output.quiet:
        said = said._replace(lines=[*said.lines, f"        used by: {USES[kind].format(name)}"])
    return tell(said, output)
