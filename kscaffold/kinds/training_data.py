"""What a training program has to know of a model: its fields of data, its losses, and a baseline beside it."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

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
        whole = self.below is not None
        span = f" from 0 to {self.below - 1}" if self.below is not None else ""
        if not self.shape:
            return ("a whole number" if whole else "number") + span
        return ("whole numbers" if whole else "numbers") + f"{span}, shape `{self.shape}`"

    @property
    def columns(self) -> str:
        """Its columns in a CSV file, in words."""
        if None in self.shape:
            return f"`{self.name}_0`, `{self.name}_1`, … as many as there are"
        count = math.prod(size or 1 for size in self.shape)
        return f"`{self.name}`" if count == 1 else f"`{self.name}_0` … `{self.name}_{count - 1}`"


class Target(NamedTuple):
    """What an output of a certain shape is trained towards."""

    field: Field
    goal: Goal
    shape: tuple[int, ...]


def input_fields(model: ModelScaffold) -> tuple[Field, ...]:
    """The inputs of a model; refuses one that takes or gives a dictionary, words, or batches of one size alone."""
    graph = model.graph
    if words := next((item for item in graph.inputs if item.dtype == "string"), None):
        raise RequestError(
            f"The model {graph.name!r} takes words, {words.name!r}, and the training program gives numbers alone.",
            hint="Take another preset, and write this one with: kscaffold model.",
            where="--model",
        )
    if Form.DICT in (graph.input_form, graph.output_form) or model.batch_size:
        what = "batches of one size" if model.batch_size else "dictionaries"
        raise RequestError(
            f"The model {graph.name!r} is for {what}, and the training program gives arrays in batches of any size.",
            hint="Take another preset.",
            where="--model",
        )
    return tuple(Field(item.name, *facts) for item, facts in zip(graph.inputs, model.inputs, strict=True))


def find_targets(model: ModelScaffold) -> tuple[Target, ...]:
    """What the outputs of a model are trained towards; refuses an output whose shape is not known."""
    values = model.facts.of(model.graph).values
    found = []
    for output in model.graph.outputs:
        name, shape, goal = output.name, values.get(output.value), find_goal(model.graph, output.name)
        sizes = tuple(size for size in shape or () if size is not None)
        if shape is None or len(sizes) < len(shape):
            raise RequestError(
                f"The sizes of the output {name!r} are not known, so there is nothing to train it towards.",
                hint="Take another preset.",
                where="--model",
            )
        if goal.copies is not None:
            field = Field(name, sizes, copies=goal.copies)
        elif goal.kind is Kind.LABEL:
            field = Field(name, sizes[:-1], "int32", below=sizes[-1])
        else:
            field = Field(name, sizes, *(("int32", 2) if goal.kind is Kind.BINARY else ()))
        found.append(Target(field, goal, sizes))
    return tuple(found)


def target_context(targets: tuple[Target, ...]) -> list[dict[str, Any]]:
    """What the templates need of the targets."""
    context = []
    for field, goal, _ in targets:
        prefix = f"{field.name}_" if len(targets) > 1 else ""
        logits, threshold = ("from_logits=True", ", threshold=0.0") if goal.from_logits else ("", "")
        loss, metric = {
            Kind.LABEL: (
                f"SparseCategoricalCrossentropy({logits})",
                f'SparseCategoricalAccuracy(name="{prefix}accuracy")',
            ),
            Kind.BINARY: (f"BinaryCrossentropy({logits})", f'BinaryAccuracy(name="{prefix}accuracy"{threshold})'),
            Kind.NUMBER: ("MeanSquaredError()", f'MeanAbsoluteError(name="{prefix}mae")'),
        }[goal.kind]
        context.append({"field": field.source, "loss": loss, "metric": metric})
    return context


def baseline_flags(model: ModelScaffold, layer: str) -> GraphFlags:
    """A small model with the inputs and outputs of another: all inputs through one layer.

    Args:
        layer: The class of the layer, as specs name it: `package.module:Class`.
    """
    inputs, nodes, seen = [], [], []
    for field in input_fields(model):
        sizes = ",".join(map(str, field.shape)) + ("," if len(field.shape) == 1 else "")
        inputs.append(f"{field.name}=({sizes}):{field.dtype}")
        steps = _to_vector(field)
        seen.append(f"flat_{field.name}" if steps else field.name)
        if steps:
            nodes.append(f"{seen[-1]}: {' -> '.join([field.name, *steps])}")
    start = seen[0] if len(seen) == 1 else f"({', '.join(seen)}) -> Concatenate"
    nodes.append(f"hidden: {start} -> {layer}({WIDTH}, activation=relu)")
    outputs = []
    for field, goal, shape in find_targets(model):
        kept = goal.activation if goal.activation in ("softmax", "sigmoid") else ""
        count = math.prod(shape)
        if len(shape) == 1:
            chain = f"Dense({count}{f', {kept}' if kept else ''})"
        else:
            chain = f"Dense({count}) -> Reshape({shape})" + (f" -> Activation({kept})" if kept else "")
        outputs.append(f"{field.name}: hidden -> {chain}")
    return GraphFlags(None, tuple(inputs), tuple(nodes), tuple(outputs))


def _to_vector(field: Field) -> list[str]:
    """The layers that make a vector of an input."""
    rank = len(field.shape)
    if field.below is None and rank == 0:
        return ["Reshape((1,))"]
    steps = [] if field.below is None else [f"Embedding({field.below}, {EMBEDDING})"]
    rank += len(steps)
    if rank == 2 and (None in field.shape or steps):
        return [*steps, "GlobalAveragePooling1D"]
    if rank == 3 and None in field.shape:
        return [*steps, "GlobalAveragePooling2D"]
    return [*steps, "Flatten"] if rank > 1 else steps
