"""`kscaffold new NAME`."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from kscaffold.base.errors import RequestError
from kscaffold.cli._generating import style_option
from kscaffold.cli._output import (
    DIFF,
    DRY_RUN,
    JSON,
    QUIET,
    TIMEOUT,
    WARM,
    Output,
    flag,
    offers,
    tell,
    value,
    values,
    with_output,
)
from kscaffold.cli.words import Report, status_line

if TYPE_CHECKING:
    from kscaffold.kinds.new_folder import NewOutcome
    from kscaffold.library.cookie.variables import Question

EPILOG = """\b
Examples:
  kscaffold new my-project
  kscaffold new digits --model cnn --author "Ada <ada@example.org>" --license Apache-2.0 --python 3.12
  kscaffold new thing -t gh:user/template --set variable=value --no-input
"""


@click.command("new", short_help="A whole repository, with a training program.", epilog=EPILOG)
@click.argument("name")
@value("-o --output-dir", "DIR", "Folder that the repository is made in; made if it is not there.  [default: this one]")
@value("--package", "NAME", "Package to import.  [default: NAME with underscores]")
@value("--model", "PRESET", "Model to train, see 'kscaffold list'.  [default: mlp]", offers("templates"))
@style_option("its own, else subclassed")
@value("--description", "TEXT", "What the project is, in a line.")
@value("--author", "TEXT", "Who writes it: 'Name' or 'Name <address>'.")
@value("--license", "NAME", "MIT, BSD-3-Clause, Apache-2.0 or none.  [default: MIT]")
@values(
    "--python pythons",
    "VERSION|EXE",
    "A version such as 3.12: the oldest Python that the project is for.  [default: 3.11]  Anything else: the"
    " interpreter that checks run in.  [default: the active virtual environment's]  Both may be given.",
)
@value("-t --template", "PATH|URL", "Cookiecutter template of your own: a folder, a URL or gh:user/template.")
@values("--set settings", "NAME=VALUE", "Variable of a template of your own. Repeatable.")
@flag("--accept-hooks", "Run the programs that a template of your own brings.")
@click.option(
    "--git/--no-git", default=None, help="Make it a git repository.  [default: --git, unless it is inside of one]"
)
@flag("--no-input", "Ask nothing; what is not given has its default.")
@click.option("--check/--no-check", default=True, help="Check layers and models on real Keras.  [default: --check]")
@TIMEOUT
@WARM
@with_output(DRY_RUN, DIFF, JSON, QUIET)
def command(pythons: tuple[str, ...], no_input: bool, output: Output, **flags: Any) -> int:
    """Begin a repository NAME: a model, how it is trained, tests, and what a team needs around them.

    NAME is my-project, my_project or MyProject. The folder has to be new or empty. On a terminal you are asked for what
    is not given by an option.
    """
    from kscaffold.source.formatting import Formatter

    with Formatter() as formatter, output.progress() as progress:
        from kscaffold.kinds.answers import is_version
        from kscaffold.kinds.repository import NewRequest, new_repository

        given = {name: flags.pop(name) for name in ("description", "author", "license", "model")}
        given["python"] = next((text for text in reversed(pythons) if is_version(text)), None)
        interpreter = next((text for text in reversed(pythons) if not is_version(text)), None)
        answers = {name: answer for name, answer in given.items() if answer is not None}
        request = NewRequest(**flags, answers=answers, interpreter=interpreter, dry_run=output.dry_run)
        asks = output.asks and not no_input
        result = new_repository(request, formatter, ask_on_terminal if asks else None, progress)
    return tell(_report(result, output), output)


def _report(result: NewOutcome, output: Output) -> Report:
    """Files, checks, what was done about git, and what to type next."""
    from kscaffold.cli.words import outcome

    said = outcome.report(result.outcome, output)
    lines = [status_line("git", result.git, "green")] if result.git else []
    if result.outcome.written and result.commands:
        lines += ["", "Next:", f"    cd {shlex.quote(result.folder)}", *(f"    {line}" for line in result.commands)]
    fields = {
        "folder": result.folder,
        "git": result.git or None,
        "notes": list(result.notes),
        "next": list(result.commands),
    }
    return said._replace(
        document={**said.document, **fields},
        lines=[*said.lines, *(lines if not output.quiet else [])],
        notes=[*said.notes, *(f"note: {note}" for note in result.notes if not output.as_json)],
    )


def ask_on_terminal(question: Question) -> str:
    """Asks until the answer can be used; the end of input means the default."""
    choices = f" ({', '.join(question.choices)})" if question.choices else ""
    while True:
        click.echo(f"{question.name}{choices} [{question.default}]: ", nl=False, err=True)
        line = sys.stdin.readline()
        if not line:
            click.echo(err=True)  # as the return key would have done
        answer = line.strip() or question.default
        try:
            question.check(answer)
        except RequestError as error:
            if not line:
                raise
            click.echo(f"{error.message} {error.hint or ''}".rstrip(), err=True)
        else:
            return answer
