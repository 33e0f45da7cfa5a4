"""What a training program has to know of a model: its fields of data, its losses, and a baseline beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from kscaffold.base.errors import RequestError
from kscaffold.kinds.model import ModelScaffold
from kscaffold.spec.graph.flags import GraphFlags
from kscaffold.spec.graph.targets import Goal, Kind, find_goal
from kscaffold.spec.graph.value import Form
from kscaffold.spec.shapes.shape import Shape

WIDTH = 32  # of the baseline's hidden layer
EMBEDDING = 16


@dataclass(frozen=True)
class Field:
    """An input or a target, as `examples.py` of a repository has it.

    Attributes:
        name: Its name.
        shape: The shape of one example.
        dtype: The type of its numbers.
        below: What whole numbers have to be less than.
        copies: The input that it is a copy of.
    """

    name: str
    shape: Shape
    dtype: str = "float32"
    below: int | None = None
    copies: str | None = None

    @property
    def source(self) -> str:
        """The arguments of `Field(…)`."""
        parts = [repr(self.name), repr(self.shape)]
        parts += [repr(self.dtype)] if self.dtype != "float32" else []
        parts += [f"{name}={value!r}" for name in ("below", "copies") if (value := getattr(self, name)) is not None]
        return ", ".join(parts).replace("'", '"')

    @property
    def row(self) -> str:
        """One example of it in words."""
        numbers = "whole numbers" if self.below is not None else "numbers"
        numbers += f" from 0 to {self.below - 1}" if self.below is not None else ""
        if not self.shape:
            return numbers.replace("numbers", "number", 1).replace("whole number ", "a whole number ", 1)
        return f"{numbers}, shape `{self.shape}`"

    @property
    def columns(self) -> str:
        """Its columns in a CSV file, in words."""
        if None in self.shape:
            return f"`{self.name}_0`, `{self.name}_1`, … as many as there are"
        count = math.prod(size or 1 for size in self.shape)
        return f"`{self.name}`" if count == 1 else f"`{self.name}_0` … `{self.name}_{count - 1}`"


def input_fields(model: ModelScaffold) -> tuple[Field, ...]:
    """The inputs of a model.

    Raises:
        RequestError: The model takes or gives a dictionary, or batches of one size alone.
    """
    graph = model.graph
    if Form.DICT in (graph.input_form, graph.output_form) or model.batch_size:
        what = "batches of one size" if model.batch_size else "dictionaries"
        raise RequestError(
            f"The model {graph.name!r} is for {what}, and the training program gives arrays in batches of any size.",
            hint="Take another preset.",
            where="--model",
        )
    names = [item.name for item in model.graph.inputs]
    return tuple(
        Field(name, shape, dtype, below) for name, (shape, dtype, below) in zip(names, model.inputs, strict=True)
    )


def target_fields(model: ModelScaffold) -> tuple[tuple[Field, Goal], ...]:
    """What the outputs of a model are trained towards.

    Raises:
        RequestError: The shape of an output is not known.
    """
    found = []
    for name, shape in output_shapes(model):
        goal = find_goal(model.graph, name)
        if goal.copies is not None:
            field = Field(name, shape, copies=goal.copies)
        elif goal.kind is Kind.LABEL:
            field = Field(name, shape[:-1], "int32", below=shape[-1])
        else:
            field = Field(name, shape, *(("int32", 2) if goal.kind is Kind.BINARY else ()))
        found.append((field, goal))
    return tuple(found)


def output_shapes(model: ModelScaffold) -> list[tuple[str, tuple[int, ...]]]:
    """The names and shapes of the outputs.

    Raises:
        RequestError: A size is not known.
    """
    values = model.facts.of(model.graph).values
    found = []
    for output in model.graph.outputs:
        shape = values.get(output.value)
        sizes = tuple(size for size in shape or () if size is not None)
        if shape is None or len(sizes) < len(shape):
            raise RequestError(
                f"The sizes of the output {output.name!r} are not known, so there is nothing to train it towards.",
                hint="Take another preset.",
                where="--model",
            )
        found.append((output.name, sizes))
    return found


def target_context(targets: tuple[tuple[Field, Goal], ...]) -> list[dict[str, Any]]:
    """What the templates need of the targets."""
    return [
        {"field": field.source, "loss": _loss(goal), "metric": _metric(goal, field.name if len(targets) > 1 else "")}
        for field, goal in targets
    ]


def _loss(goal: Goal) -> str:
    logits = "from_logits=True" if goal.from_logits else ""
    return {
        Kind.LABEL: f"SparseCategoricalCrossentropy({logits})",
        Kind.BINARY: f"BinaryCrossentropy({logits})",
        Kind.NUMBER: "MeanSquaredError()",
    }[goal.kind]


def _metric(goal: Goal, output: str) -> str:
    prefix = f"{output}_" if output else ""
    threshold = ", threshold=0.0" if goal.from_logits else ""
    return {
        Kind.LABEL: f'SparseCategoricalAccuracy(name="{prefix}accuracy")',
        Kind.BINARY: f'BinaryAccuracy(name="{prefix}accuracy"{threshold})',
        Kind.NUMBER: f'MeanAbsoluteError(name="{prefix}mae")',
    }[goal.kind]


def baseline_flags(model: ModelScaffold, layer: str) -> GraphFlags:
    """A small model with the inputs and outputs of another: all inputs through one layer.

    Args:
        model: The other model.
        layer: The class of the layer, as specs name it: `package.module:Class`.
    """
    inputs, nodes, seen = [], [], []
    for field in input_fields(model):
        sizes = ",".join("None" if size is None else str(size) for size in field.shape)
        inputs.append(f"{field.name}=({sizes}{',' if len(field.shape) == 1 else ''}):{field.dtype}")
        steps = _to_vector(field)
        seen.append(f"flat_{field.name}" if steps else field.name)
        if steps:
            nodes.append(f"{seen[-1]}: {' -> '.join([field.name, *steps])}")
    start = seen[0] if len(seen) == 1 else f"({', '.join(seen)}) -> Concatenate"
    nodes.append(f"hidden: {start} -> {layer}({WIDTH}, activation=relu)")
    outputs = []
    for name, shape in output_shapes(model):
        activation = find_goal(model.graph, name).activation
        kept = activation if activation in ("softmax", "sigmoid") else ""
        count = math.prod(shape)
        if len(shape) == 1:
            chain = f"Dense({count}{f', {kept}' if kept else ''})"
        else:
            chain = f"Dense({count}) -> Reshape({shape})" + (f" -> Activation({kept})" if kept else "")
        outputs.append(f"{name}: hidden -> {chain}")
    return GraphFlags(None, tuple(inputs), tuple(nodes), tuple(outputs))


def _to_vector(field: Field) -> list[str]:
    """The layers that make a vector of an input."""
    rank = len(field.shape)
    steps = []
    if field.below is not None:
        steps.append(f"Embedding({field.below}, {EMBEDDING})")
        rank += 1
    elif rank == 0:
        return ["Reshape((1,))"]
    if rank == 2 and (None in field.shape or field.below is not None):
        return [*steps, "GlobalAveragePooling1D"]
    if rank == 3 and None in field.shape:
        return [*steps, "GlobalAveragePooling2D"]
    return [*steps, "Flatten"] if rank > 1 else steps
