"""What checks and tests are told of a graph: how many layers it has, and what may be fed to its inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from kscaffold.program.tree import Object, Plain, Variable, walk
from kscaffold.spec.graph.shapes import default_values, repetitions
from kscaffold.spec.graph.value import Graph, Layer, Target, every_graph
from kscaffold.spec.language.sizes import evaluate_size

ANY_NUMBER = 10  # whole numbers are below this where no embedding says otherwise
NO_FLOATS = (
    "equal greater greater_equal less less_equal not_equal isfinite isinf isnan isclose all any one_hot digitize"
    " searchsorted count_nonzero nonzero sign bincount shape size ndim"
).split()
# Layers that make others inside themselves.
COMPOSITE = ("MultiHeadAttention", "GroupQueryAttention", "RNN", "Bidirectional", "TimeDistributed", "Pipeline")


def layer_counts(graph: Graph, own: set[str]) -> tuple[tuple[str, int], ...]:
    """How many layers of each class a model has, shared ones once; nothing where that cannot be known.

    Args:
        graph: The graph.
        own: The classes that its module defines itself, which have no layers inside.
    """
    counts: Counter[str] = Counter()
    inner: set[str] = set()
    _count(graph, default_values(graph), 1, counts, inner, set())
    if any(layer.call.own and layer.class_name not in own for layer in _layers(graph)):
        return ()
    if any(name in COMPOSITE for name in counts) or inner:
        return tuple(sorted((name, count) for name, count in counts.items() if name in ("Embedding", "Concatenate")))
    return tuple(sorted(counts.items()))


def _count(
    graph: Graph, values: Mapping[str, object], times: int, counts: Counter[str], inner: set[str], done: set[str]
) -> None:
    for item in graph.shared:
        counts[item.layer.class_name] += times
        inner |= _inside(item.layer)
    for step in graph.steps:
        number = times * repetitions(step, values)
        if step.layer:
            counts[step.layer.class_name] += number
            inner |= _inside(step.layer)
        layer = graph.layer_of(step)
        for model in graph.models_in(layer) if layer else ():
            if model.name not in done:
                done.add(model.name)
                _count(model, values, times, counts, inner, done)
        if step.layer:
            continue
        if step.target is Target.BLOCK:
            part = graph.subgraph(step)
            given = {
                key: values.get(value.name) if isinstance(value, Variable) else None for key, value in step.arguments
            }
            given |= {
                key: evaluate_size(value, values)
                for key, value in step.arguments
                if not isinstance(value, (Variable, Object))
            }
            _count(part, {**values, **default_values(part), **given}, number, counts, inner, done)
        elif step.target is Target.MODEL and step.name not in done:
            done.add(step.name)
            _count(graph.subgraph(step), values, times, counts, inner, done)


def _inside(layer: Layer) -> set[str]:
    calls = (part for part in walk(layer.call) if isinstance(part, Object) and part is not layer.call)
    return {call.target for call in calls if call.target.startswith("layers.") or call.own}


def _layers(graph: Graph) -> list[Layer]:
    found = [item.layer for item in graph.shared] + [step.layer for step in graph.steps if step.layer]
    for part in (*graph.models, *graph.blocks):
        found += _layers(part)
    return found


def draws_at_inference(graph: Graph) -> bool:
    """Whether a call says that it is training, whatever the call of the model says."""
    steps = (step for part in every_graph(graph) for step in part.steps)
    return any(dict(step.passed.keywords).get("training") == Plain(True) for step in steps)


def gives_no_floats(graph: Graph, value: str) -> bool:
    """Whether an operation makes truth values or whole numbers of it, towards which nothing is trained."""
    node = next((node for node in graph.nodes if value in graph.values_of(node)), None)
    step = node.steps[-1] if node else None
    if step is None or step.target is not Target.OPERATION:
        return False
    name = step.name.rpartition(".")[2]
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
        elif layer and layer.signature and layer.signature.name == "Embedding":
            given = dict(layer.call.keywords)
            size = evaluate_size(given["input_dim"], values)
            bounds += [size] if size else []
    return bounds
