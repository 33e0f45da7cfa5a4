"""What every command shares: the options about its output, and the one place where text and JSON are printed."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.cli.words import Report, diff_lines, failure_line, status_line

if TYPE_CHECKING:
    from pathlib import Path

    from kscaffold.disk.plan import Plan, Status

JSON_VERSION = 1
Command = Callable[..., Any]
Option = Callable[[Command], Command]
Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def offers(words: Literal["templates", "parts", "layers", "rules"]) -> Complete:
    """Offers what that function of `_completion` gives and begins as typed.

    Nothing is offered where the project is broken: a command says why, a key cannot.
    """

    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
        from kscaffold.cli import _completion  # imported by the tab key alone

        try:
            return [word for word in getattr(_completion, words)(context, typed) if word.startswith(typed)]
        except RequestError:
            return []

    return complete


def flag(names: str, text: str) -> Option:
    """An option that is given or not: `flag("-q --quiet", "Print errors only.")`."""
    return click.option(*names.split(), is_flag=True, help=text)


def value(names: str, metavar: str, text: str, complete: Complete | None = None, **more: Any) -> Option:
    """An option with a text; `more` is for click: `type=click.IntRange(min=1)`, `multiple=True`."""
    return click.option(*names.split(), metavar=metavar, help=text, shell_complete=complete, **more)


values = functools.partial(value, multiple=True)
DRY_RUN = flag("--dry-run", "Do everything but write.")
DIFF = flag("--diff", "Print unified diffs of the files.")
FORCE = flag("--force", "Overwrite files that exist with other content.")
SKIP = flag("--skip", "Keep files that exist with other content.")
WRITING = (DRY_RUN, DIFF, FORCE, SKIP)
JSON = flag("--json as_json", "Print one JSON document.")
QUIET = flag("-q --quiet", "Print errors only.")
TRUST = flag("--trust", "Use the templates and the interpreter that the repository brings: kscaffold help templates.")
PYTHON = value("--python", "EXE", "Interpreter that checks run in.  [default: the active virtual environment's]")
WARM = click.option(
    "--warm/--no-warm",
    default=None,
    help="Leave a process that has imported Keras, for the commands that follow, or use none.  [default: the setting"
    " 'warm', else one is used that is there]",
)
TIMEOUT = click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="For each class that is checked: of computing, or four times that of waiting.  [default: 60]",
)
# Read by `kscaffold.cli.run`, which is there before any command is.
DEBUG = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")


class OneOf(click.Choice):  # type: ignore[type-arg]  # which takes a parameter since click 8.4
    """A member of an enumeration of strings, typed as its value."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        """The value, where click would take the name."""
        return str(choice)


class Output(NamedTuple):
    """What a command is to print, and whether it is to write, as its flags say; `stdout` prints the module."""

    command: str | None
    as_json: bool = False
    quiet: bool = False
    diff: bool = False
    stdout: bool = False
    dry_run: bool = False
    force: bool = False
    skip: bool = False

    @property
    def on_conflict(self) -> Status | None:
        """What becomes of all conflicts, if that is asked for."""
        from kscaffold.disk.plan import Status

        return Status.FORCE if self.force or self.stdout else Status.SKIP if self.skip else None

    @property
    def asks(self) -> bool:
        """Whether somebody is there who can be asked."""
        return not self.as_json and sys.stdin.isatty() and sys.stderr.isatty()

    def resolve(self, plan: Plan) -> dict[Path, Status]:
        """Decides about the conflicts of a plan: asks on a terminal, and leaves them undecided elsewhere."""
        return ask_about_conflicts(plan) if self.asks else {}

    @contextlib.contextmanager
    def progress(self) -> Iterator[Progress]:
        """Gives what shows a line on the terminal while Keras is imported; when the context is left it is gone."""
        progress = Progress(not (self.as_json or self.quiet) and sys.stderr.isatty())
        try:
            yield progress
        finally:
            progress.clear()


def colour() -> bool | None:
    """Whether colours are wanted, as the environment says; `None` where a terminal gets them and nothing else does."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None


class Progress:
    """A line on the terminal that says what is waited for: shown when called."""

    TEXT = "check   waiting for Keras …"

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._shown = False

    def __call__(self) -> None:
        self._shown = self._wanted
        if self._shown:
            click.echo(self.TEXT, nl=False, err=True)

    def clear(self) -> None:
        """Takes the line away, if it is there."""
        if self._shown:
            click.echo(f"\r{' ' * len(self.TEXT)}\r", nl=False, err=True)
        self._shown = False


def with_options(options: tuple[Option, ...], command: Command) -> Command:
    """A command with options, which its help lists in that order."""
    return functools.reduce(lambda decorated, option: option(decorated), reversed(options), command)


def with_output(*options: Option) -> Callable[[Command], Command]:
    """Adds options about output to a command, which is given them as one `Output`."""

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def command(**values: Any) -> Any:
            flags = {name: values.pop(name) for name in Output._fields if name in values}
            context = click.get_current_context()
            context.color = colour()
            output = Output(context.info_name, **flags)
            _refuse_contradictions(output)
            _demand_folder()
            if values.pop("trust", False):
                from kscaffold.disk.trust import trusting_all

                context.with_resource(trusting_all())
            warm = values.pop("warm", None)
            reasons: list[str] = []
            if warm is not None:
                from kscaffold.check.warm import Use, using

                reasons = context.with_resource(using(Use.START if warm else Use.NEVER))
            while True:
                try:
                    exit_code = function(output=output, **values)
                    for reason in () if output.as_json or output.quiet else reasons:
                        click.echo(f"note: no process was left for further checks: {reason}", err=True)
                    return exit_code
                except RequestError as error:
                    if not (output.asks and is_trusted_now(error)):
                        raise

        return with_options((*options, DEBUG), command)

    return decorate


def _demand_folder() -> None:
    try:
        os.getcwd()
    except FileNotFoundError:
        raise RequestError(
            "The current folder is no longer there.", hint="Go to another one.", exit_code=ExitCode.REFUSED
        ) from None


def _refuse_contradictions(output: Output) -> None:
    for pair in (
        {"--force": output.force, "--skip": output.skip},
        {"--json": output.as_json, "--stdout": output.stdout},
        {"--stdout": output.stdout, "--diff": output.diff},
    ):
        if all(pair.values()):
            raise RequestError(f"{' and '.join(pair)} exclude each other.", hint="Give one of them.")


def is_trusted_now(error: RequestError) -> bool:
    """Asks on the terminal about what a repository brings, if that is what an error is about; the default is no."""
    from kscaffold.disk.trust import Untrusted, remember

    if not isinstance(error, Untrusted):
        return False
    click.echo(f"{error.where}: {error.message}", err=True)
    click.echo("Trust this repository from now on? [y]es [n]o (no): ", nl=False, err=True)
    if sys.stdin.readline().strip().lower()[:1] != "y":
        return False
    remember(error.root)
    return True


def tell(report: Report, output: Output) -> int:
    """Prints what came of a command, as lines for people or as one JSON document, and gives the exit code."""
    wanted = colour()  # an error has no context that would know
    for line in report.notes:
        click.echo(line, err=True, color=wanted)
    if output.as_json:
        import json

        click.echo(json.dumps(_document(report, output), indent=2))
    else:
        for line in report.lines:
            click.echo(line, color=wanted)
        if report.failure is not None:
            click.echo(failure_line(report.failure), err=True, color=wanted)
    return int(report.exit_code or ExitCode.DONE)


def _document(report: Report, output: Output) -> dict[str, Any]:
    document: dict[str, Any] = {"version": JSON_VERSION, "command": output.command, "ok": not report.exit_code}
    if report.exit_code is not None:
        document["exit_code"] = int(report.exit_code)
    document |= report.document
    if report.failure is not None:
        error = report.failure
        document["error"] = {"message": error.message, "hint": error.hint, "where": error.where}
    return document


def ask_about_conflicts(plan: Plan) -> dict[Path, Status]:
    """Asks on the terminal what becomes of each conflict, or raises if the user quits; the end of input means no."""
    from kscaffold.disk.plan import Status

    decisions: dict[Path, Status] = {}
    conflicts = list(plan.conflicts)
    while conflicts:
        change = conflicts[0]
        click.echo(status_line("conflict", change.shown), err=True)
        click.echo("Overwrite? [y]es [n]o [d]iff [a]ll [q]uit (no): ", nl=False, err=True)
        answer = sys.stdin.readline().strip().lower()[:1] or "n"
        if answer == "d":
            for line in diff_lines(change):
                click.echo(line, err=True)
        elif answer == "a":
            return decisions | {left.path: Status.FORCE for left in conflicts}
        elif answer == "q":
            raise RequestError("You quit; nothing was written.", exit_code=ExitCode.CONFLICT)
        elif answer in "yn":
            decisions[change.path] = Status.FORCE if answer == "y" else Status.SKIP
            conflicts.pop(0)
    return decisions
