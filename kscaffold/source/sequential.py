"""The sequential style: a list of layers, for a graph that is a chain."""

from __future__ import annotations

from collections import Counter

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place
from kscaffold.program.text import literal, show
from kscaffold.program.tree import values
from kscaffold.source.body import Line
from kscaffold.source.functional import builder_name
from kscaffold.source.names import ModelNames
from kscaffold.source.parts import (
    Function,
    described_inputs,
    described_outputs,
    explained,
    input_source,
    layer_source,
    named,
    parameters_source,
    passed_source,
    summary_of,
)
from kscaffold.spec.graph.shapes import ShapeFacts
from kscaffold.spec.graph.value import NOTHING, Form, Graph, Node, Step, Target, every_graph


def sequential_parts(graph: Graph, facts: ShapeFacts, deferred: bool) -> tuple[Function, ...]:
    """The functions of a sequential module, each behind those that it calls.

    Args:
        graph: The graph.
        facts: What is known of the shapes of its values.
        deferred: Whether the model is left to be built later, for an input that is not known yet.

    Raises:
        RequestError: The graph is no chain; names the node at which it forks.
    """
    if graph.cuts:
        raise _no_chain(f"{graph.cuts[0].name!r} is cut out of the graph", graph.cuts[0].place)
    return tuple(_function(part, facts, deferred and part is graph) for part in every_graph(graph))


def chain_of(graph: Graph) -> tuple[Node, ...]:
    """The nodes of a chain, in order.

    Raises:
        RequestError: The graph is no chain.
    """
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
            if step.passed != NOTHING:
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
    return graph.nodes


def _no_chain(reason: str, place: Place) -> RequestError:
    return RequestError(
        f"A sequential model is a chain, but {reason}.", hint="Use --style functional or subclassed.", where=str(place)
    )


def _function(graph: Graph, facts: ShapeFacts, deferred: bool) -> Function:
    nodes = chain_of(graph)
    source = graph.inputs[0]
    names = ModelNames(graph, {})
    if not graph.is_block:
        names.demand_free(())
    items = [] if deferred or graph.is_block else [Line(f"{input_source(source)},", source.place)]
    items += [Line(f"{_item(graph, step, names)},", step.place) for node in nodes for step in node.steps]
    shapes = facts.of(graph)
    frozen = graph.frozen
    lines = [
        Line("model = keras.Sequential(" if frozen else "return keras.Sequential(", None),
        Line("    ["),
        *(Line(f"        {x.text}", x.place) for x in items),
    ]
    lines += [Line("    ],"), Line(f"    name={literal(graph.name)},"), Line(")")]
    if graph.is_block:
        # Blocks are called more than once, and two layers of one name have no place in a model.
        lines[-2:] = [Line(")")]
    lines += [Line("model.trainable = False"), Line("return model")] if frozen else []
    return Function(
        name=graph.name if graph.is_block else builder_name(graph),
        parameters=parameters_source(graph.parameters),
        summary=summary_of(graph, f"Builds the {'block' if graph.is_block else 'model'} {graph.name}."),
        arguments=explained(graph.parameters),
        inputs=() if graph.is_block else described_inputs(graph, shapes),
        outputs=() if graph.is_block else described_outputs(graph, shapes),
        returns="The model, not compiled" + (", and built by its first call." if deferred else "."),
        lines=tuple(lines),
    )


def _item(graph: Graph, step: Step, names: ModelNames) -> str:
    def model(name: str) -> str:
        part = next(item for item in graph.models if item.name == name)
        return f"{builder_name(part)}({passed_source(part, {})})"

    if step.target is Target.SHARED:
        name = None if graph.is_block else names.shared(step.name)
        made = layer_source(graph.shared_layer(step.name).layer, named(name), model=model)
    elif step.layer:
        made = layer_source(step.layer, model=model)
    else:
        part = graph.subgraph(step)
        name = step.name if step.target is Target.BLOCK else builder_name(part)
        made = f"{name}({passed_source(part, dict(step.arguments))})"
    return f"*[{made} for _ in range({step.repeat})]" if step.repeated else made
