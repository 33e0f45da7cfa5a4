"""`kscaffold new NAME`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kscaffold.base.errors import RequestError
from kscaffold.cli._generating import output_folder, style_option
from kscaffold.cli._output import (
    DIFF,
    DRY_RUN,
    JSON,
    QUIET,
    TIMEOUT,
    Offer,
    Output,
    flag,
    offers,
    tell,
    value,
    values,
    with_output,
)

if TYPE_CHECKING:
    from pathlib import Path

    from kscaffold.base.project import Style
    from kscaffold.library.cookie.variables import Question

EPILOG = """\b
Examples:
  kscaffold new my-project
  kscaffold new digits --model cnn --author "Ada <ada@example.org>" --license Apache-2.0 --python 3.12
  kscaffold new thing -t gh:user/template --set variable=value --no-input
"""


@click.command("new", short_help="A whole repository, with a training program.", epilog=EPILOG)
@click.argument("name")
@click.option(
    "-o",
    "--output-dir",
    callback=output_folder,
    default=".",
    metavar="DIR",
    help="Folder that the repository is made in; made if it is not there.  [default: this one]",
)
@value("--package", "NAME", "Package to import.  [default: NAME with underscores]")
@value("--model", "PRESET", "Model to train, see 'kscaffold list'.  [default: mlp]", offers(Offer.TEMPLATES))
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
@with_output(DRY_RUN, DIFF, JSON, QUIET)
def command(
    name: str,
    output_dir: Path,
    package: str | None,
    model: str | None,
    style: Style | None,
    description: str | None,
    author: str | None,
    license: str | None,
    pythons: tuple[str, ...],
    template: str | None,
    settings: tuple[str, ...],
    accept_hooks: bool,
    git: bool | None,
    no_input: bool,
    check: bool,
    timeout: float | None,
    output: Output,
) -> int:
    """Begin a repository NAME: a model, how it is trained, tests, and what a team needs around them.

    NAME is my-project, my_project or MyProject. The folder has to be new or empty. On a terminal you are asked for what
    is not given by an option.
    """
    from kscaffold.source.formatting import Formatter

    with Formatter() as formatter, output.progress() as progress:
        from kscaffold.kinds.answers import is_version
        from kscaffold.kinds.repository import NewRequest, new_repository

        version = next((text for text in reversed(pythons) if is_version(text)), None)
        answers = {"description": description, "author": author, "license": license, "model": model, "python": version}
        request = NewRequest(
            name,
            output_dir,
            template,
            package,
            {key: value for key, value in answers.items() if value is not None},
            style,
            settings,
            next((text for text in reversed(pythons) if not is_version(text)), None),
            timeout,
            accept_hooks,
            git,
            check,
            output.dry_run,
        )
        asks = output.asks and not no_input
        result = new_repository(request, formatter, ask_on_terminal if asks else None, progress)

    from kscaffold.cli.words import new as words

    return tell(words.report(result, output), output)


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
