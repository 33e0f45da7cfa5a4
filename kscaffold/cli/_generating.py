"""What the generating commands share: their options, the request that these become, and how it is carried out."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kscaffold.base.choices import Style
from kscaffold.cli._output import (
    JSON,
    PYTHON,
    QUIET,
    TIMEOUT,
    TRUST,
    WARM,
    WRITING,
    Command,
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
    from kscaffold.kinds import Request, Scaffold

Describe = Callable[["Request"], "Scaffold"]

SHARED = ("template", "output_dir", "package", "test", "check", "python", "timeout")  # as in `kscaffold.kinds.Request`


def style_option(default: str) -> Option:
    """How a model is written; its help says what the default is."""
    return click.option("--style", type=OneOf(Style), help=f"How the model is written.  [default: {default}]")


DIAGRAM = value("--diagram", "FILE", "Draw the graph, as .svg or as .md, into the output folder.")
OPTIONS = (
    value("-t --template", "NAME", "Template to start from; see 'kscaffold list'.", offers("templates")),
    value(
        "-o --output-dir",
        "DIR",
        "Folder for the module; made if it is not there.  [default: that of [tool.kscaffold] in the nearest"
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
    *(PYTHON, TRUST, TIMEOUT, WARM),
    *WRITING,
    flag("--stdout", "Print the module and write nothing."),
    *(JSON, QUIET),
)


def generating(folder: str) -> Callable[[Callable[..., Describe]], Command]:
    """Makes a command of a function that says what its own options describe: the options of all are added below them.

    The folder for the module is that of a setting: "layers", "models", "losses".
    """

    def decorate(describe: Callable[..., Describe]) -> Command:
        @with_output(*OPTIONS)
        @functools.wraps(describe)
        def command(output: Output, name: str | None, **flags: Any) -> int:
            from kscaffold.source.formatting import Formatter

            with Formatter() as formatter, output.progress() as progress:
                from kscaffold.kinds import Request, generate

                request = Request(
                    output.command or "",
                    name or "",
                    folder,
                    dry_run=output.dry_run or output.stdout,
                    on_conflict=output.on_conflict,
                    **{name: flags.pop(name) for name in SHARED},
                )
                outcome = generate(request, describe(**flags), formatter, output.resolve, progress)
                from kscaffold.cli.words import outcome as words  # after all that may overlap with black or Keras
            return tell(words.report(outcome, output), output)

        return command

    return decorate


def model_options(default: Style) -> Option:
    """The options of commands that make a model from a graph; `default` is for where the spec names no style."""
    options = (
        style_option(f"what the spec names, else {default}"),
        flag("--defer deferred", "A sequential model without its input, built by its first call."),
        values("--set settings", "NAME=VALUE", "Value of a parameter. Repeatable."),
        DIAGRAM,
    )
    return functools.partial(with_options, options)
