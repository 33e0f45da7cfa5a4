"""What all generating commands share: their options, the conflict menu, and how an outcome is printed."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kscaffold.base.errors import RequestError
from kscaffold.cli._completion import complete_template
from kscaffold.cli._progress import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from kscaffold.disk.writer import Plan, Status
    from kscaffold.kinds import Outcome, Request

OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "-t",
        "--template",
        metavar="NAME",
        shell_complete=complete_template,
        help="Template to start from; see 'kscaffold list'.",
    ),
    click.option(
        "-o",
        "--output-dir",
        callback=lambda context, parameter, value: None if value is None else output_folder(value),
        metavar="DIR",
        help="Folder for the module; made if it is not there.  [default: that of [tool.kscaffold] in the nearest"
        " pyproject.toml, else this one]",
    ),
    click.option(
        "--package",
        metavar="NAME",
        help="Package that the class is registered under for saving."
        "  [default: the name in the nearest pyproject.toml, else custom]",
    ),
    click.option("--test/--no-test", default=True, help="Write a test beside the module.  [default: --test]"),
    click.option("--check/--no-check", default=True, help="Check the module on real Keras.  [default: --check]"),
    click.option(
        "--python",
        metavar="EXE",
        help="Interpreter that checks run in.  [default: the active virtual environment's]",
    ),
    click.option("--dry-run", is_flag=True, help="Do everything but write."),
    click.option("--diff", is_flag=True, help="Print unified diffs of the files."),
    click.option("--force", is_flag=True, help="Overwrite files that exist with other content."),
    click.option("--skip", is_flag=True, help="Keep files that exist with other content."),
    click.option("--stdout", is_flag=True, help="Print the module and write nothing."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("-q", "--quiet", is_flag=True, help="Print errors only."),
    click.option("--debug", is_flag=True, help="Show the traceback of an error."),
)


def output_folder(text: str) -> Path:
    """A folder; an empty text is none, though Python takes it for the current one."""
    if not text.strip():
        raise RequestError("The folder is empty.", hint="Give a folder, or leave it out.", where="--output-dir")
    from pathlib import Path

    return Path(text)


def generating_command(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of all generating commands, below the command's own."""
    for decorator in reversed(OPTIONS):
        function = decorator(function)

    @functools.wraps(function)
    def checked(**values: Any) -> Any:
        for one, other in (("force", "skip"), ("as_json", "stdout"), ("stdout", "diff")):
            if values[one] and values[other]:
                flags = [f"--{name.removeprefix('as_')}" for name in (one, other)]
                raise RequestError(f"{flags[0]} and {flags[1]} exclude each other.", hint="Give one of them.")
        from kscaffold.source.formatting import Formatter

        with Formatter() as formatter:
            return function(formatter=formatter, **values)

    return checked


def read_request(command: str, name: str, values: dict[str, Any], folder: str = "") -> Request:
    """The request that the shared options make.

    Args:
        command: The command.
        name: NAME as typed.
        values: The shared options.
        folder: The setting that names the folder for the module, if it is not called after the command.
    """
    from kscaffold.disk.writer import Status
    from kscaffold.kinds import Request

    return Request(
        command=command,
        name=name,
        folder=folder or f"{command}s",
        template=values["template"],
        output_dir=values["output_dir"],
        package=values["package"],
        test=values["test"],
        check=values["check"],
        dry_run=values["dry_run"] or values["stdout"],
        on_conflict=Status.FORCE if values["force"] or values["stdout"] else Status.SKIP if values["skip"] else None,
        python=values["python"],
    )


def carry_out(command: str, generate: Callable[..., Outcome], values: dict[str, Any]) -> int:
    """Generates, prints, and gives the exit code.

    Args:
        command: The name of the command, for JSON.
        generate: Takes `resolve` and `on_check` as `kscaffold.kinds.pipeline.generate` does.
        values: The shared options.
    """
    silent = values["as_json"] or values["quiet"]
    waits = Progress(enabled=not silent and sys.stderr.isatty())
    asks = not values["as_json"] and sys.stdin.isatty() and sys.stderr.isatty()
    try:
        outcome = generate(resolve=ask_about_conflicts if asks else lambda plan: {}, on_check=waits.begin)
    finally:
        waits.end()

    from kscaffold.cli import words as report  # after everything that may overlap with black or Keras

    if values["as_json"]:
        click.echo(report.dump(report.outcome_json(command, outcome, values["dry_run"], values["diff"])))
        return int(outcome.exit_code)
    if not values["quiet"]:
        for path in outcome.recovered:
            click.echo(f"note: {path} is again as it was before a run that was interrupted", err=True)
        for warning in outcome.warnings:
            click.echo(f"{click.style('warning', fg='yellow')}: {warning}", err=True)
    if values["quiet"]:
        for line in report.by_hand_lines(outcome):
            click.echo(line, err=True)
    if values["stdout"] and outcome.exit_code == 0:
        click.echo(outcome.text, nl=False)
    if values["stdout"] or values["quiet"]:
        told = [verdict for verdict in outcome.verdicts if not (values["quiet"] and verdict.ok)]
        lines = [line for verdict in told for line in report.verdict_lines(verdict)]
    else:
        lines = report.outcome_lines(outcome, values["diff"])
    for line in lines:
        click.echo(line, err=values["stdout"])
    message = report.failure_message(outcome)
    if message:
        click.echo(f"{click.style('error', fg='red')}: {message}", err=True)
    return int(outcome.exit_code)


def ask_about_conflicts(plan: Plan) -> dict[Path, Status]:
    """Asks on the terminal what becomes of each conflict; the end of input means no.

    Raises:
        RequestError: The user quits.
    """
    from kscaffold.base.errors import ExitCode
    from kscaffold.cli import words as report
    from kscaffold.disk import writer

    decisions: dict[Path, Status] = {}
    conflicts = list(plan.conflicts)
    while conflicts:
        change = conflicts[0]
        click.echo(report.status_line("conflict", change.shown), err=True)
        click.echo("Overwrite? [y]es [n]o [d]iff [a]ll [q]uit (no): ", nl=False, err=True)
        answer = sys.stdin.readline().strip().lower()[:1] or "n"
        if answer == "d":
            for line in writer.diff(change).splitlines():
                click.echo(report.style_diff(line), err=True)
        elif answer == "a":
            return decisions | {left.path: writer.Status.FORCE for left in conflicts}
        elif answer == "q":
            raise RequestError("You quit; nothing was written.", exit_code=ExitCode.CONFLICT)
        elif answer in "yn":
            decisions[change.path] = writer.Status.FORCE if answer == "y" else writer.Status.SKIP
            conflicts.pop(0)
    return decisions
