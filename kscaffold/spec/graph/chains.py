"""Which graphs are chains of layers, as a sequential model is."""

from __future__ import annotations

from collections import Counter

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place
from kscaffold.program.text import show
from kscaffold.program.tree import values
from kscaffold.spec.graph.value import NOTHING, Form, Graph, Target, every_graph


def demand_chain(graph: Graph) -> None:
    """Raises unless a graph, and each of its parts, is a chain of layers.

    Raises:
        RequestError: It is not; names the node at which it forks.
    """
    if graph.cuts:
        raise _no_chain(f"{graph.cuts[0].name!r} is cut out of the graph", graph.cuts[0].place)
    for part in every_graph(graph):
        _demand_one(part)


def _demand_one(graph: Graph) -> None:
    for form, what in ((graph.input_form, "inputs"), (graph.output_form, "outputs")):
        if form is Form.DICT or (form is Form.LIST and len(getattr(graph, what)) == 1):
            words = "a dictionary" if form is Form.DICT else "a list"
            raise _no_chain(f"the {what} of {graph.name!r} are {words}", graph.place)
    for many, what in ((graph.inputs, "inputs"), (graph.outputs, "outputs")):
        if len(many) > 1:
            raise _no_chain(f"{graph.name!r} has {len(many)} {what}", many[1].place)
    uses = Counter(value for node in graph.nodes for value in node.needs)
    for node in graph.nodes:
        for step in node.steps:
            if step.target is Target.OPERATION:
                what = f"the slice {show(step.part)}" if step.part else f"the operation {step.name}"
                raise _no_chain(f"{graph.name!r} has {what}", step.place)
            if step.passed != NOTHING and step.target is not Target.BLOCK:
                key = next((f"with {key}" for key, _ in step.passed.keywords), "with several values")
                raise _no_chain(f"{step.name} is called {key}", step.place)
        if node.parts:
            raise _no_chain(f"{node.steps[-1].name} gives several values", node.steps[-1].place)
        if len(node.start) > 1:
            raise _no_chain(f"the node {node.name!r} takes {len(node.start)} values", node.place)
        if uses[node.start[0]] > 1:
            raise _no_chain(f"the graph forks at {node.start[0]!r}", node.start_place)
        for step in node.steps:
            layer = graph.layer_of(step)
            if layer and layer.signature and layer.signature.inputs > 1:
                raise _no_chain(f"{step.name} takes {layer.signature.inputs} values", step.place)
    if uses[graph.outputs[0].value]:
        raise _no_chain(f"the graph forks at {graph.outputs[0].value!r}", graph.outputs[0].place)
    calls = Counter(step.name for step in graph.steps if step.target in (Target.SHARED, Target.MODEL))
    inside = (graph.layer_of(step) for step in graph.steps)
    calls.update(name for layer in inside if layer for name in values(layer.call))
    for step in graph.steps:
        layer = graph.layer_of(step)
        for name in (step.name, *(values(layer.call) if layer else ())):
            if calls[name] > 1:
                raise _no_chain(f"{name!r} is called {calls[name]} times", step.place)


def _no_chain(reason: str, place: Place) -> RequestError:
    return place.error(f"A sequential model is a chain, but {reason}.", "Use --style functional or subclassed.")
