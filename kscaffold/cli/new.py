"""`kscaffold new NAME`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from kscaffold.base.errors import RequestError
from kscaffold.cli._completion import complete_template
from kscaffold.cli._generating import output_folder
from kscaffold.cli._modelling import STYLES
from kscaffold.cli._progress import Progress

if TYPE_CHECKING:
    from kscaffold.library.cookie import Question

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
    callback=lambda context, parameter, value: output_folder(value),
    default=".",
    metavar="DIR",
    help="Folder that the repository is made in; made if it is not there.  [default: this one]",
)
@click.option("--package", metavar="NAME", help="Package to import.  [default: NAME with underscores]")
@click.option(
    "--model",
    metavar="PRESET",
    shell_complete=complete_template,
    help="Model to train, see 'kscaffold list'.  [default: mlp]",
)
@click.option("--style", type=click.Choice(STYLES), help="How it is written.  [default: its own, else subclassed]")
@click.option("--description", metavar="TEXT", help="What the project is, in a line.")
@click.option("--author", metavar="TEXT", help="Who writes it: 'Name' or 'Name <address>'.")
@click.option("--license", metavar="NAME", help="MIT, BSD-3-Clause, Apache-2.0 or none.  [default: MIT]")
@click.option(
    "--python",
    "pythons",
    multiple=True,
    metavar="VERSION|EXE",
    help="A version such as 3.12: the oldest Python that the project is for.  [default: 3.11]  Anything else: the"
    " interpreter that checks run in.  [default: the active virtual environment's]  Both may be given.",
)
@click.option(
    "-t",
    "--template",
    metavar="PATH|URL",
    help="Cookiecutter template of your own: a folder, a URL or gh:user/template.",
)
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Variable of a template of your own. Repeatable."
)
@click.option("--accept-hooks", is_flag=True, help="Run the programs that a template of your own brings.")
@click.option(
    "--git/--no-git", default=None, help="Make it a git repository.  [default: --git, unless it is inside of one]"
)
@click.option("--no-input", is_flag=True, help="Ask nothing; what is not given has its default.")
@click.option("--check/--no-check", default=True, help="Check layers and models on real Keras.  [default: --check]")
@click.option("--dry-run", is_flag=True, help="Do everything but write.")
@click.option("--diff", is_flag=True, help="Print unified diffs of the files.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def command(name: str, pythons: tuple[str, ...], as_json: bool, quiet: bool, diff: bool, **given: Any) -> int:
    """Begin a repository NAME: a model, how it is trained, tests, and what a team needs around them.

    NAME is my-project, my_project or MyProject. The folder has to be new or empty. On a terminal you are asked for what
    is not given by an option.
    """
    from kscaffold.source.formatting import Formatter

    with Formatter() as formatter:
        from kscaffold.cli import words as report
        from kscaffold.cli.words.repository import repository_json, repository_lines
        from kscaffold.kinds.answers import is_version
        from kscaffold.kinds.repository import NewRequest, new_repository

        asks = not given.pop("no_input") and not as_json and sys.stdin.isatty() and sys.stderr.isatty()
        given.pop("debug")
        answers = {key: given.pop(key) for key in ("description", "author", "license", "model")}
        answers["python"] = next((text for text in reversed(pythons) if is_version(text)), None)
        request = NewRequest(
            name,
            answers={key: value for key, value in answers.items() if value is not None},
            interpreter=next((text for text in reversed(pythons) if not is_version(text)), None),
            **given,
        )
        waits = Progress(enabled=not as_json and not quiet and sys.stderr.isatty())
        try:
            result = new_repository(request, formatter, ask_on_terminal if asks else None, waits.begin)
        finally:
            waits.end()
    outcome = result.outcome
    if as_json:
        click.echo(report.dump(repository_json(result, request.dry_run, diff)))
        return int(outcome.exit_code)
    if not quiet:
        for path in outcome.recovered:
            click.echo(f"note: {path} is again as it was before a run that was interrupted", err=True)
    for note in result.notes:
        click.echo(f"note: {note}", err=True)
    told = [verdict for verdict in outcome.verdicts if not verdict.ok]
    lines = [line for verdict in told for line in report.verdict_lines(verdict)]
    for line in lines if quiet else repository_lines(result, diff):
        click.echo(line)
    message = report.failure_message(outcome)
    if message:
        click.echo(f"{click.style('error', fg='red')}: {message}", err=True)
    return int(outcome.exit_code)


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
