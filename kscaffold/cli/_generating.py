"""What the generating commands share: their options, the request that these become, and how it is carried out."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kscaffold.base.errors import RequestError
from kscaffold.base.project import Style
from kscaffold.cli._output import (
    DIFF,
    DRY_RUN,
    FORCE,
    JSON,
    PYTHON,
    QUIET,
    SKIP,
    TIMEOUT,
    Command,
    Offer,
    OneOf,
    Option,
    Output,
    flag,
    offers,
    tell,
    value,
    values,
    with_options,
    with_output,
)

if TYPE_CHECKING:
    from pathlib import Path

    from kscaffold.kinds import Request, Scaffold

    Describe = Callable[[Request], Scaffold]


def output_folder(context: click.Context, parameter: click.Parameter, text: str | None) -> Path | None:
    """A folder; an empty text does not name one, though Python takes it for the current folder."""
    if text is None:
        return None
    if not text.strip():
        raise RequestError("The folder is empty.", hint="Give a folder, or leave it out.", where="--output-dir")
    from pathlib import Path

    return Path(text)


def style_option(default: str) -> Option:
    """How a model is written.

    Args:
        default: What its help says of the default.
    """
    return click.option("--style", type=OneOf(Style), help=f"How the model is written.  [default: {default}]")


DIAGRAM = value("--diagram", "FILE", "Draw the graph, as .svg or as .md, into the output folder.")
OPTIONS = (
    value("-t --template", "NAME", "Template to start from; see 'kscaffold list'.", offers(Offer.TEMPLATES)),
    click.option(
        "-o",
        "--output-dir",
        callback=output_folder,
        metavar="DIR",
        help="Folder for the module; made if it is not there.  [default: that of [tool.kscaffold] in the nearest"
        " pyproject.toml, else this one]",
    ),
    value(
        "--package",
        "NAME",
        "Package that the class is registered under for saving."
        "  [default: the name in the nearest pyproject.toml, else custom]",
    ),
    click.option("--test/--no-test", default=True, help="Write a test beside the module.  [default: --test]"),
    click.option("--check/--no-check", default=True, help="Check the module on real Keras.  [default: --check]"),
    *(PYTHON, TIMEOUT),
    *(DRY_RUN, DIFF, FORCE, SKIP),
    flag("--stdout", "Print the module and write nothing."),
    *(JSON, QUIET),
)


def generating(folder: str) -> Callable[[Callable[..., Describe]], Command]:
    """Makes a command of a function that says what its own options describe: the options of all are added below them.

    Args:
        folder: The setting that names the folder for the module: "layers", "models", "pipelines".
    """

    def decorate(describe: Callable[..., Describe]) -> Command:
        @with_output(*OPTIONS)
        @functools.wraps(describe)
        def command(
            output: Output,
            name: str | None,
            template: str | None,
            output_dir: Path | None,
            package: str | None,
            test: bool,
            check: bool,
            python: str | None,
            timeout: float | None,
            **own: Any,
        ) -> int:
            from kscaffold.source.formatting import Formatter

            with Formatter() as formatter, output.progress() as progress:
                from kscaffold.kinds import Request, generate

                request = Request(
                    command=output.command or "",
                    name=name or "",
                    folder=folder,
                    template=template,
                    output_dir=output_dir,
                    package=package,
                    test=test,
                    check=check,
                    dry_run=output.dry_run or output.stdout,
                    on_conflict=output.on_conflict,
                    python=python,
                    timeout=timeout,
                )
                outcome = generate(request, describe(**own), formatter, output.resolve, progress)
                from kscaffold.cli.words import outcome as words  # after all that may overlap with black or Keras
            return tell(words.report(outcome, output), output)

        return command

    return decorate


def model_options(default: Style) -> Option:
    """The options of commands that make a model from a graph.

    Args:
        default: The style where neither the user nor the spec names one.
    """
    options = (
        style_option(f"what the spec names, else {default}"),
        flag("--defer", "A sequential model without its input, built by its first call."),
        values("--set settings", "NAME=VALUE", "Value of a parameter. Repeatable."),
        DIAGRAM,
    )
    return functools.partial(with_options, options)
