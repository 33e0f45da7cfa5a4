"""`kscaffold pipeline NAME [SPEC]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kscaffold.cli._completion import complete_layers, complete_template
from kscaffold.cli._generating import generating_command
from kscaffold.cli._modelling import generate_from_graph, model_options

if TYPE_CHECKING:
    from kscaffold.source.formatting import Formatter

EPILOG = """\b
Examples:
  kscaffold pipeline mlp "16 -> Dense(64, relu) x2 -> Dense(10)"
  kscaffold pipeline digits "(28, 28, 1) -> Conv2D(8, 3) -> Flatten -> Dense(classes)" --set classes=10
  kscaffold pipeline two_tower two_tower.yaml --diagram two_tower.svg
  kscaffold pipeline last --input "x=10,4" --output "y: x[:, -1] -> ops.square -> Dense(1)"
  kscaffold pipeline join --input a=16 --input b=8 --output "y: (a, b) -> Concatenate -> Dense(1)"
"""


@click.command("pipeline", short_help="A functional model from a graph, and its test.", epilog=EPILOG)
@click.argument("name", shell_complete=complete_template)
@click.argument("spec", required=False, shell_complete=complete_layers)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=SHAPE[:DTYPE]",
    help="Input: numeric=32, ids=16:int32. Repeatable.",
)
@click.option(
    "--node",
    "nodes",
    multiple=True,
    metavar='"NAME: CHAIN"',
    shell_complete=complete_layers,
    help="Named value. Repeatable.",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar='"NAME: CHAIN"',
    shell_complete=complete_layers,
    help="Output. Repeatable.",
)
@model_options("functional")
@generating_command
def command(
    name: str,
    spec: str | None,
    inputs: tuple[str, ...],
    nodes: tuple[str, ...],
    outputs: tuple[str, ...],
    formatter: Formatter,
    **shared: Any,
) -> int:
    """Write a module with a function that builds a model NAME, and a test for it.

    SPEC is a YAML file, or a chain that begins with the shape of its input. Without it, --input, --node and --output
    say what the graph is; without those, it is a preset, as for 'kscaffold model'.
    """
    return generate_from_graph("pipeline", name, formatter, shared, spec, (inputs, nodes, outputs))
