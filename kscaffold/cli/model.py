"""`kscaffold model NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kscaffold.cli._completion import complete_template
from kscaffold.cli._generating import generating_command
from kscaffold.cli._modelling import generate_from_graph, model_options

if TYPE_CHECKING:
    from kscaffold.source.formatting import Formatter

EPILOG = """\b
Examples:
  kscaffold model autoencoder
  kscaffold model Classifier -t cnn --set classes=100 --style functional
  kscaffold model translator -t transformer --diagram translator.svg
"""


@click.command("model", short_help="A model from a preset, and its test.", epilog=EPILOG)
@click.argument("name", shell_complete=complete_template)
@model_options("subclassed")
@generating_command
def command(name: str, formatter: Formatter, **shared: Any) -> int:
    """Write a module with a model NAME, and a test for it.

    The model comes from a preset: the one named with -t, else the one that has its name, else mlp. 'kscaffold list'
    names the presets, 'kscaffold show' says what --set can set.
    """
    return generate_from_graph("model", name, formatter, shared)
