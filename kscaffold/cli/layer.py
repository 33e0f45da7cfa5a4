"""`kscaffold layer NAME`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from kscaffold.cli._completion import complete_layers, complete_template
from kscaffold.cli._generating import carry_out, generating_command, read_request

if TYPE_CHECKING:
    from kscaffold.source.formatting import Formatter

EPILOG = """\b
Examples:
  kscaffold layer MyDense
  kscaffold layer Gate --arg units:int=8 --weight "kernel: input_dim, units" --arg activation=sigmoid
  kscaffold layer Block --sublayer "hidden = Dense(64, relu)" --sublayer "drop = Dropout(0.1)" --training
  kscaffold layer Pool -t masked_pooling --input-shape 12,8
"""


@click.command("layer", short_help="A custom layer and its test.", epilog=EPILOG)
@click.argument("name", shell_complete=complete_template)
@click.option(
    "--arg",
    "arguments",
    multiple=True,
    metavar="NAME[:TYPE][=DEFAULT]",
    help="Constructor argument. Types: int float bool str tuple list activation initializer regularizer"
    " constraint layer any. Repeatable.",
)
@click.option(
    "--weight", "weights", multiple=True, metavar='"NAME: SHAPE[, INIT]"', help="Trainable weight. Repeatable."
)
@click.option(
    "--state", "states", multiple=True, metavar='"NAME: SHAPE[, INIT]"', help="Non-trainable weight. Repeatable."
)
@click.option(
    "--sublayer",
    "sublayers",
    multiple=True,
    metavar='"NAME = LAYER"',
    shell_complete=complete_layers,
    help='Layer inside the layer: "hidden = Dense(units, relu)". Repeatable.',
)
@click.option(
    "--input-shape",
    "input_shapes",
    multiple=True,
    metavar="SHAPE",
    help="Shape of one example: 16 or 8,8,3. Repeated for several inputs.",
)
@click.option("--training", is_flag=True, help="Give call a training argument.")
@click.option("--mask", is_flag=True, help="Give call a mask argument and pass masks on.")
@click.option("--loss", is_flag=True, help="Add a term to the model's loss.")
@click.option("--seed", is_flag=True, help="Add a SeedGenerator, and what is random to call.")
@generating_command
def command(
    name: str,
    arguments: tuple[str, ...],
    weights: tuple[str, ...],
    states: tuple[str, ...],
    sublayers: tuple[str, ...],
    input_shapes: tuple[str, ...],
    training: bool,
    mask: bool,
    loss: bool,
    seed: bool,
    formatter: Formatter,
    **shared: Any,
) -> int:
    """Write a module with a custom layer NAME, and a test for it.

    NAME is MyDense, my_dense or my-dense. Without --arg, --weight, --state and --sublayer the layer comes from a
    template: the one that has its name, else dense. With any of them you get the layer that you describe.
    """
    from kscaffold.kinds.layer import generate_layer
    from kscaffold.spec.layer.value import LayerFlags

    asked = {"training": training, "mask": mask, "loss": loss, "seed": seed}
    flags = LayerFlags(
        arguments=arguments,
        weights=weights,
        states=states,
        sublayers=sublayers,
        input_shapes=input_shapes,
        features=frozenset(feature for feature, wanted in asked.items() if wanted),
    )
    generate = functools.partial(generate_layer, read_request("layer", name, shared), flags, formatter)
    return carry_out("layer", generate, shared)
