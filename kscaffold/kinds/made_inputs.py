"""Inputs that tests and rules make for a saved model."""

from kscaffold.program.tree import Listing, Plain, Ref, Table
from kscaffold.saved.value import SavedInput, SavedModel, every_model
from kscaffold.source.expression import source
from kscaffold.source.test import TestInput, random_inputs

SIZE = 8
# What layers take, by how their classes begin, where nobody knows the shape.
TAKEN: dict[str, TestInput] = {
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "Bidirectional", "Conv1D"), ((16, SIZE), "float32", None)),
    **dict.fromkeys(("Conv2D", "DepthwiseConv2D", "SeparableConv2D"), ((32, 32, 3), "float32", None)),
    **dict.fromkeys(("TextVectorization", "StringLookup"), ((1,), "string", None)),
    "Conv3D": ((16, 16, 16, 1), "float32", None),
    "Embedding": ((16,), "int32", 2),
}


def made_inputs(model: SavedModel) -> dict[str, object]:
    """What the template of the test is told of the inputs.

    Returns:
        `inputs`, source of random ones; `batch_size`, if the model fixes it.
    """
    first = model.layers[0].made.class_name if model.layers else ""
    items = [test_input(item, model) for item in model.inputs] or [TAKEN.get(first, ((SIZE,), "float32", None))]
    batch = (item.shape[0] for item in model.inputs if item.shape and item.shape[0] is not None)
    sources = random_inputs(items)
    return {
        "inputs": source(model.input_tree, lambda ref: sources[-1 - ref.source]),
        "batch_size": next(batch, None),
    }


def call_style(model: SavedModel) -> str:
    """How a model is given its inputs: "single", "list" or "dict"."""
    tree = model.input_tree
    return "dict" if isinstance(tree, Table) else "list" if isinstance(tree, Listing) else "single"


def keyed_inputs(model: SavedModel) -> list[tuple[str, TestInput]]:
    """The inputs that stand by themselves, by their key: what rules can make."""
    tree = model.input_tree
    pairs = list(tree.items) if isinstance(tree, Table) else [("", tree)]
    if isinstance(tree, Listing):
        pairs = [(str(place), item) for place, item in enumerate(tree.items)]
    return [
        (key, test_input(model.inputs[-1 - ref.source], model))
        for key, ref in pairs
        if isinstance(ref, Ref) and -ref.source <= len(model.inputs)
    ]


def test_input(item: SavedInput, model: SavedModel) -> TestInput:
    """Shape and dtype of an input; for whole numbers, what they must be below."""
    below = None
    if "int" in item.dtype:
        sizes = [
            value.value
            for inner in every_model(model)
            for layer in inner.layers
            for key, value in layer.made.keywords
            if key in ("input_dim", "num_tokens") and isinstance(value, Plain) and isinstance(value.value, int)
        ]
        below = min(sizes, default=10)
    return tuple(item.shape[1:]), item.dtype, below
