"""What checks and tests are told of a graph: how many layers it has, and what may be fed to its inputs."""

from __future__ import annotations

from collections.abc import Mapping

from kscaffold.program.tree import Object, Plain, walk
from kscaffold.spec.graph.shapes import GraphShapes, default_values
from kscaffold.spec.graph.value import Graph, Target, every_graph, every_step
from kscaffold.spec.shapes.shape import evaluate_size

ANY_NUMBER = 10  # whole numbers are below this where no embedding says otherwise
NO_FLOATS = (
    "equal greater greater_equal less less_equal not_equal isfinite isinf isnan isclose all any one_hot digitize"
    " searchsorted count_nonzero nonzero sign bincount shape size ndim"
).split()
# Layers that make others inside themselves.
COMPOSITE = ("MultiHeadAttention", "GroupQueryAttention", "RNN", "Bidirectional", "TimeDistributed", "Pipeline")


def layer_counts(graph: Graph, shapes: GraphShapes, own: set[str]) -> tuple[tuple[str, int], ...]:
    """How many layers of each class a model has, shared ones once; nothing where that cannot be known.

    Args:
        graph: The graph.
        shapes: What is known of it.
        own: The classes that its module defines itself, which have no layers inside.
    """
    calls = [layer for part in every_graph(graph) for layer in part.layers]
    if any(call.own and call.class_name not in own for call in calls):
        return ()
    inside = (part for call in calls for part in walk(call) if isinstance(part, Object) and part is not call)
    counts = sorted(shapes.layers.items())
    if any(name in COMPOSITE for name, _ in counts) or any(
        part.target.startswith("layers.") or part.own for part in inside
    ):
        counts = [(name, count) for name, count in counts if name in ("Embedding", "Concatenate")]
    return tuple(counts)


def draws_at_inference(graph: Graph) -> bool:
    """Whether a call says that it is training, whatever the call of the model says."""
    return any(dict(step.passed.keywords).get("training") == Plain(True) for step in every_step(graph))


def gives_no_floats(graph: Graph, value: str) -> bool:
    """Whether an operation makes truth values or whole numbers of it, towards which nothing is trained."""
    node = graph.makers.get(value)
    if node is None or node.steps[-1].target is not Target.OPERATION:
        return False
    name = node.steps[-1].name.rpartition(".")[2]
    if name == "top_k":
        return value.endswith(".1")
    return name in NO_FLOATS or name.startswith(("arg", "bitwise_", "logical_"))


def largest_number(graph: Graph, name: str) -> int | None:
    """What whole numbers for an input must be below: the size of the embeddings that take it.

    Args:
        graph: The graph.
        name: The input.
    """
    dtype = next(item.dtype for item in graph.inputs if item.name == name)
    if "int" not in dtype:
        return None
    return min(_bounds(graph, name, default_values(graph)), default=ANY_NUMBER)


def _bounds(graph: Graph, value: str, values: Mapping[str, object]) -> list[int]:
    bounds = []
    for node in graph.nodes:
        if value not in node.start:
            continue
        step = node.steps[0]
        layer, part = graph.layer_of(step), graph.part_of(step)
        if part:
            inner = part.inputs[node.start.index(value)].name
            bounds += _bounds(part, inner, {**values, **default_values(part)})
        elif layer and layer.target == "layers.Embedding":
            size = evaluate_size(dict(layer.keywords)["input_dim"], values)
            bounds += [size] if size else []
    return bounds
