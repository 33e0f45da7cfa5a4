"""`kscaffold from FILE`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from kscaffold.cli._generating import carry_out, generating_command, read_request
from kscaffold.cli._modelling import STYLES

if TYPE_CHECKING:
    from kscaffold.source.formatting import Formatter

EPILOG = """\b
Examples:
  kscaffold from model.keras
  kscaffold from weights_and_all.h5 classifier --style subclassed
  kscaffold from model.keras --custom my_package.layers:MyDense
  kscaffold from model.keras --to-spec
"""


@click.command("from", short_help="Source code for a saved model, and its test.", epilog=EPILOG)
@click.argument("file")
@click.argument("name", required=False)
@click.option("--style", type=click.Choice(STYLES), help="How the model is written.  [default: as it was saved]")
@click.option("--flat", is_flag=True, help="A statement for each call: no functions and loops for what is repeated.")
@click.option(
    "--custom",
    "customs",
    multiple=True,
    metavar="PACKAGE.MODULE:CLASS",
    help="A class or function of your own that the model uses: the code imports it. Repeatable.",
)
@click.option("--allow-stubs", is_flag=True, help="Write stubs for what the file does not hold, to be filled in.")
@click.option("--to-spec", is_flag=True, help="Write a spec for 'kscaffold pipeline' instead of Python.")
@click.option("--diagram", metavar="FILE", help="Draw the graph, as .svg or as .md, into the output folder.")
@generating_command
def command(
    file: str,
    name: str | None,
    formatter: Formatter,
    style: str | None,
    flat: bool,
    customs: tuple[str, ...],
    allow_stubs: bool,
    to_spec: bool,
    diagram: str | None,
    **shared: Any,
) -> int:
    """Write a module with a function or a class for the model in FILE, and a test for it.

    FILE is a .keras or .h5 file, the architecture as .json, or the folder form of .keras. Nothing in it is executed.
    The module is named NAME; without it, as the model or the file. What is written is held against the saved model: the
    same config, the same outputs with the saved weights.
    """
    from kscaffold.kinds.saved import generate_from_saved
    from kscaffold.kinds.saved_module import SavedFlags

    flags = SavedFlags(file, style, flat, customs, allow_stubs, to_spec, diagram)
    generate = functools.partial(
        generate_from_saved, read_request("from", name or "", shared, "models"), flags, formatter
    )
    return carry_out("from", generate, shared)
