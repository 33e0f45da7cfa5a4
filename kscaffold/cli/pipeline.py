"""`kscaffold pipeline NAME [SPEC]`."""

import functools
from typing import Any

import click

from kscaffold.base.choices import Style
from kscaffold.cli._generating import Describe, generating, model_options
from kscaffold.cli._output import offers, values

EPILOG = """\b
Examples:
  kscaffold pipeline mlp "16 -> Dense(64, relu) x2 -> Dense(10)"
  kscaffold pipeline digits "(28, 28, 1) -> Conv2D(8, 3) -> Flatten -> Dense(classes)" --set classes=10
  kscaffold pipeline two_tower two_tower.yaml --diagram two_tower.svg
  kscaffold pipeline last --input "x=10,4" --output "y: x[:, -1] -> ops.square -> Dense(1)"
  kscaffold pipeline join --input a=16 --input b=8 --output "y: (a, b) -> Concatenate -> Dense(1)"
"""


@click.command("pipeline", short_help="A functional model from a graph, and its test.", epilog=EPILOG)
@click.argument("name", shell_complete=offers("templates"))
@click.argument("spec", required=False, shell_complete=offers("layers"))
@values("--input inputs", "NAME=SHAPE[:DTYPE]", "Input: numeric=32, ids=16:int32. Repeatable.")
@values("--node nodes", '"NAME: CHAIN"', "Named value. Repeatable.", offers("layers"))
@values("--output outputs", '"NAME: CHAIN"', "Output. Repeatable.", offers("layers"))
@model_options(Style.FUNCTIONAL)
@generating("pipelines")
def command(inputs: tuple[str, ...], nodes: tuple[str, ...], outputs: tuple[str, ...], **flags: Any) -> Describe:
    """Write a module with a function that builds a model NAME, and a test for it.

    SPEC is a YAML file, or a chain that begins with the shape of its input. Without it, --input, --node and --output
    say what the graph is; without those, it is a preset, as for 'kscaffold model'.
    """
    from kscaffold.kinds.model import scaffold_model
    from kscaffold.kinds.model_spec import ModelFlags
    from kscaffold.spec.graph.flags import GraphFlags

    graph = GraphFlags(inputs=inputs, nodes=nodes, outputs=outputs)
    return functools.partial(scaffold_model, flags=ModelFlags(graph=graph, default_style=Style.FUNCTIONAL, **flags))
