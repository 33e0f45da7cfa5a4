"""Which graphs are chains of layers, as a sequential model is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kscaffold.base.place import Place
from kscaffold.program.text import show
from kscaffold.program.tree import values
from kscaffold.spec.graph.value import NOTHING, Form, Graph, Target, every_graph, signature_of


def demand_chain(graph: Graph) -> None:
    """Raises unless a graph, and each of its parts, is a chain of layers.

    Raises:
        RequestError: It is not; names the place where it forks, or what else it is.
    """
    for part in every_graph(graph):
        for reason, place in _problems(part):
            raise place.error(f"A sequential model is a chain, but {reason}.", "Use --style functional or subclassed.")


def _problems(graph: Graph) -> Iterator[tuple[str, Place]]:
    """Why a graph is not a chain of layers, and where."""
    for cut in graph.cuts:
        yield f"{cut.name!r} is cut out of the graph", cut.place
    for form, many, what in ((graph.input_form, graph.inputs, "inputs"), (graph.output_form, graph.outputs, "outputs")):
        if form is Form.DICT or (form is Form.LIST and len(many) == 1):
            yield f"the {what} of {graph.name!r} are a {'dictionary' if form is Form.DICT else 'list'}", graph.place
        if len(many) > 1:
            yield f"{graph.name!r} has {len(many)} {what}", many[1].place
    uses = Counter(value for node in graph.nodes for value in node.needs)
    for node in graph.nodes:
        for step in node.steps:
            if step.target is Target.OPERATION:
                what = f"the slice {show(step.part)}" if step.part else f"the operation {step.name}"
                yield f"{graph.name!r} has {what}", step.place
            if step.passed != NOTHING and step.target is not Target.BLOCK:
                how = next((f"with {key}" for key, _ in step.passed.keywords), "with several values")
                yield f"{step.name} is called {how}", step.place
        if node.parts:
            yield f"{node.steps[-1].name} gives several values", node.steps[-1].place
        if len(node.start) > 1:
            yield f"the node {node.name!r} takes {len(node.start)} values", node.place
        if uses[node.start[0]] > 1:
            yield f"the graph forks at {node.start[0]!r}", node.start_place
        for step in node.steps:
            layer = graph.layer_of(step)
            signature = signature_of(layer) if layer else None
            if signature and signature.inputs > 1:
                yield f"{step.name} takes {signature.inputs} values", step.place
    if uses[graph.outputs[0].value]:
        yield f"the graph forks at {graph.outputs[0].value!r}", graph.outputs[0].place
    called: list[tuple[str, Place]] = []
    for step in graph.steps:
        layer = graph.layer_of(step)
        names = [step.name] if step.target in (Target.SHARED, Target.MODEL) else []
        called += [(name, step.place) for name in (*names, *(values(layer) if layer else ()))]
    calls = Counter(name for name, _ in called)
    for name, place in called:
        if calls[name] > 1:
            yield f"{name!r} is called {calls[name]} times", place
