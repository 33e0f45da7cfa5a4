"""`kscaffold layer NAME`."""

import functools
from typing import Any

import click

from kscaffold.cli._generating import Describe, generating
from kscaffold.cli._output import flag, offers, values

EPILOG = """\b
Examples:
  kscaffold layer MyDense
  kscaffold layer Gate --arg units:int=8 --weight "kernel: input_dim, units" --arg activation=sigmoid
  kscaffold layer Block --sublayer "hidden = Dense(64, relu)" --sublayer "drop = Dropout(0.1)" --training
  kscaffold layer Scale "inputs * gamma" --weight "gamma: input_dim, ones"
  kscaffold layer Gate "inputs * (inputs -> GlobalAveragePooling2D(keepdims=True) -> Dense(input_dim, sigmoid))"
  kscaffold layer Pool -t masked_pooling --input-shape 12,8
"""


@click.command("layer", short_help="A custom layer and its test.", epilog=EPILOG)
@click.argument("name", shell_complete=offers("templates"))
@click.argument("spec", required=False)
@values(
    "--arg arguments",
    "NAME[:TYPE][=DEFAULT]",
    "Constructor argument. Types: int float bool str tuple list activation initializer regularizer constraint"
    " layer any. Repeatable.",
)
@values("--doc docs", '"NAME: TEXT"', "What an argument is, for the docstring. Repeatable.")
@values("--weight weights", '"NAME: SHAPE[, INIT]"', "Trainable weight. Repeatable.")
@values("--state states", '"NAME: SHAPE[, INIT]"', "Non-trainable weight. Repeatable.")
@values(
    "--sublayer sublayers",
    '"NAME = LAYER"',
    'Layer inside the layer: "hidden = Dense(units, relu)". Repeatable.',
    offers("layers"),
)
@values("--input inputs", "NAME=SHAPE[:DTYPE]", "Input of the body: query=8,16. Repeatable.  [default: inputs]")
@values("--node nodes", '"NAME: EXPRESSION"', "Named value in the body. Repeatable.", offers("layers"))
@values("--output outputs", '"[NAME:] EXPRESSION"', 'What the body gives: "inputs * gamma". Repeatable.')
@values("--input-shape input_shapes", "SHAPE", "Shape of one example: 16 or 8,8,3. Repeated for several inputs.")
@flag("--training", "Give call a training argument.")
@flag("--mask", "Give call a mask argument and pass masks on.")
@flag("--loss", "Add a term to the model's loss.")
@flag("--seed", "Add a SeedGenerator, and what is random to call.")
@generating("layers")
def command(
    spec: str | None, inputs: tuple[str, ...], nodes: tuple[str, ...], outputs: tuple[str, ...], **flags: Any
) -> Describe:
    """Write a module with a custom layer NAME, and a test for it.

    NAME is MyDense, my_dense or my-dense. Without --arg, --weight, --state and --sublayer the layer comes from a
    template: the one that has its name, else dense. With any of them you get the layer that you describe; with --arg
    alone, the template of that name with other defaults. SPEC is its body: an expression of inputs, weights, arguments
    and sublayers, or a YAML file; --node and --output say the same.
    """
    from kscaffold.kinds.layer import scaffold_layer
    from kscaffold.spec.layer.describe import LayerFlags

    features = frozenset(feature for feature in ("training", "mask", "loss", "seed") if flags.pop(feature))
    described = LayerFlags(**flags, features=features)
    if spec is None and not (inputs or nodes or outputs):
        return functools.partial(scaffold_layer, flags=described)
    from kscaffold.spec.graph.flags import GraphFlags

    graph = GraphFlags(inputs=inputs, nodes=nodes, outputs=outputs)
    return functools.partial(scaffold_layer, flags=described, spec=spec, graph=graph)
