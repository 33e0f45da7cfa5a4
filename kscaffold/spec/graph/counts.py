"""What checks and tests are told of a graph: how many layers it has, and what may be fed to its inputs."""

from collections.abc import Iterator, Mapping

from kscaffold.program.tree import Object, Plain, walk
from kscaffold.spec.graph.shapes import GraphShapes, default_values
from kscaffold.spec.graph.value import Graph, Target, every_graph
from kscaffold.spec.shapes.shape import evaluate_size

ANY_NUMBER = 10  # whole numbers are below this where no embedding says otherwise
NO_FLOATS = (
    "equal greater greater_equal less less_equal not_equal isfinite isinf isnan isclose all any one_hot digitize"
    " searchsorted count_nonzero nonzero sign bincount shape size ndim"
).split()
# Layers that make others inside themselves.
COMPOSITE = ("MultiHeadAttention", "GroupQueryAttention", "RNN", "Bidirectional", "TimeDistributed", "Pipeline")


def layer_counts(graph: Graph, shapes: GraphShapes, own: Mapping[str, bool]) -> tuple[tuple[str, int], ...]:
    """How many layers of each class a model has, shared ones once; nothing where that cannot be known.

    Args:
        own: The classes that its module defines itself, each with whether it has layers inside.
    """
    calls = [layer for part in every_graph(graph) for layer in part.layers]
    if any(call.own and call.class_name not in own for call in calls):
        return ()
    inside = (part for call in calls for part in walk(call) if isinstance(part, Object) and part is not call)
    counts = sorted(shapes.layers.items())
    if any(own.values()):
        return tuple((name, count) for name, count in counts if name in own)
    if set(COMPOSITE) & {*shapes.layers} or any(part.target.startswith("layers.") or part.own for part in inside):
        counts = [(name, count) for name, count in counts if name in ("Embedding", "Concatenate")]
    return tuple(counts)


def draws_at_inference(graph: Graph) -> bool:
    """Whether a call says that it is training, whatever the call of the model says."""
    passed = (dict(step.passed.keywords) for part in every_graph(graph) for step in part.steps)
    return any(keywords.get("training") == Plain(True) for keywords in passed)


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
    """What whole numbers for an input must be below: as it says, else the size of the embeddings that take it."""
    found = next(item for item in graph.inputs if item.name == name)
    if "int" not in found.dtype:
        return None
    values = default_values(graph)
    if found.below is not None:
        return evaluate_size(found.below, values)
    return min(_bounds(graph, name, values), default=ANY_NUMBER)


def _bounds(graph: Graph, value: str, values: Mapping[str, object]) -> Iterator[int]:
    for node in graph.nodes:
        if value in node.start:
            layer, part = graph.layer_of(node.steps[0]), graph.part_of(node.steps[0])
            if part:
                inner = part.inputs[node.start.index(value)].name
                yield from _bounds(part, inner, {**values, **default_values(part)})
            elif layer and layer.target in ("layers.Embedding", "layers.ReversibleEmbedding"):
                yield evaluate_size(dict(layer.keywords)["input_dim"], values) or ANY_NUMBER
