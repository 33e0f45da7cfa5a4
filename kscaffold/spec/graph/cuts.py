"""Models cut out of a graph: found by the layers that they end with, or, in classes, sub-models of their own."""

from __future__ import annotations

from dataclasses import replace

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import unique
from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Object
from kscaffold.spec.graph.layer_names import makes_its_value
from kscaffold.spec.graph.value import Cut, Graph, Input, Layer, Node, Output, Step, Target, natural_form


def end_cuts(graph: Graph) -> Graph:
    """The graph in which every value that a cut takes or gives is the output of one layer, found by its name.

    A shared or repeated layer, an operation, a block and one of several values get an `Identity` behind them.
    """
    for value in dict.fromkeys(value for cut in graph.cuts for value in (*cut.inputs, *cut.outputs)):
        maker = next((node for node in graph.nodes if value in graph.values_of(node)), None)
        if maker is None or makes_its_value(maker):
            continue
        call = Object("layers.Identity")
        step = Step(Target.LAYER, "Identity", maker.place, Layer(call, catalogue.find_class("Identity", "layers")))
        if graph.values_of(maker) == (maker.name,):
            ended = replace(maker, steps=(*maker.steps, step))
            graph = replace(graph, nodes=tuple(ended if node is maker else node for node in graph.nodes))
            continue
        name = unique(
            value.replace(".", "_"),
            (
                *graph.callables,
                *(item.name for item in graph.inputs),
                *(item.name for item in graph.parameters),
                *(item.name for item in graph.nodes),
            ),
        )
        graph = _renamed(graph, value, name, Node(name, (value,), (step,), maker.place, maker.place), maker)
    return graph


def _renamed(graph: Graph, value: str, name: str, added: Node, behind: Node) -> Graph:
    """The graph with a node behind another one, whose value stands for one of the values of that."""
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes += [node, added] if node is behind else [node.renamed({value: name})]
    swapped = {value: name}
    cuts = tuple(
        replace(
            cut,
            inputs=tuple(swapped.get(item, item) for item in cut.inputs),
            outputs=tuple(swapped.get(item, item) for item in cut.outputs),
        )
        for cut in graph.cuts
    )
    outputs = tuple(replace(item, value=swapped.get(item.value, item.value)) for item in graph.outputs)
    return replace(graph, nodes=tuple(nodes), cuts=cuts, outputs=outputs)


def absorb_cuts(graph: Graph) -> Graph:
    """The graph with each cut as a sub-model that it calls; it computes the same.

    Raises:
        RequestError: A cut cannot be a model of its own, because the rest of the graph reaches into it.
    """
    for cut in graph.cuts:
        graph = _absorb(graph, cut)
    return replace(graph, cuts=())


def without_input_sizes(graph: Graph) -> Graph:
    """The graph with the parameters that its calls need, and not those that only inputs are declared with.

    A layer takes the size of its inputs from what it is given.
    """
    models = tuple(without_input_sizes(part) for part in graph.models)
    blocks = tuple(without_input_sizes(part) for part in graph.blocks)
    reduced = replace(graph, models=models, blocks=blocks)
    return replace(reduced, parameters=reduced.parameters_of(reduced.nodes))


def _absorb(graph: Graph, cut: Cut) -> Graph:
    makers = {value: node for node in graph.nodes for value in graph.values_of(node)}
    inside: dict[str, Node] = {}
    waiting = [value for value in cut.outputs if value not in cut.inputs]
    while waiting:
        value = waiting.pop()
        if value not in makers:
            raise _tangled(cut, f"it needs {value!r}, which is none of its inputs")
        node = makers[value]
        if node.name not in inside:
            inside[node.name] = node
            waiting += [needed for needed in node.needs if needed not in cut.inputs]
    region = tuple(node for node in graph.nodes if node.name in inside)
    rest = [node for node in graph.nodes if node.name not in inside]
    made = {value for node in region for value in graph.values_of(node)}
    outside = {value for node in rest for value in node.needs} | {output.value for output in graph.outputs}
    if leaked := sorted((made & outside) - set(cut.outputs)):
        raise _tangled(cut, f"{leaked[0]!r} in it is used outside")
    unused = [value for value in cut.outputs if value not in outside]
    if unused:
        raise _tangled(cut, f"the graph does not use its output {unused[0]!r}")
    own = {step.name for node in region for step in node.steps if step.layer is None}
    own |= {model.name for node in region for step in node.steps if step.layer for model in graph.models_in(step.layer)}
    others = {step.name for node in rest for step in node.steps if step.target in (Target.SHARED, Target.MODEL)}
    if shared := sorted(own & others):
        raise _tangled(cut, f"{shared[0]!r} is called in it and outside")
    declared = {item.name: item for item in graph.inputs}
    model = Graph(
        name=cut.name,
        inputs=tuple(
            declared.get(name, Input(name.replace(".", "_"), None, "float32", cut.place)) for name in cut.inputs
        ),
        nodes=region,
        outputs=tuple(Output(value.replace(".", "_"), value, cut.place) for value in cut.outputs),
        parameters=graph.parameters_of(region),
        shared=tuple(item for item in graph.shared if item.name in own),
        models=tuple(item for item in graph.models if item.name in own),
        blocks=graph.blocks,
        input_form=natural_form(len(cut.inputs)),
        output_form=natural_form(len(cut.outputs)),
        place=cut.place,
    )
    several = len(cut.outputs) > 1
    call = Node(
        cut.name if several else cut.outputs[0],
        cut.inputs,
        (Step(Target.MODEL, cut.name, cut.place),),
        cut.place,
        cut.place,
    )
    renamed = {value: f"{cut.name}.{value}" for value in cut.outputs} if several else {}
    nodes = tuple(node.renamed(renamed) for node in rest)
    first = next(
        (index for index, node in enumerate(nodes) if set(node.needs) & (set(cut.outputs) | set(renamed.values()))),
        len(nodes),
    )
    return replace(
        graph,
        nodes=(*nodes[:first], call, *nodes[first:]),
        outputs=tuple(replace(item, value=renamed.get(item.value, item.value)) for item in graph.outputs),
        shared=tuple(item for item in graph.shared if item.name not in own),
        models=(*(item for item in graph.models if item.name not in own), model),
        cuts=tuple(item for item in graph.cuts if item is not cut),
    )


def _tangled(cut: Cut, reason: str) -> RequestError:
    return RequestError(
        f"{cut.name!r} cannot be a layer of its own: {reason}.", hint="Use --style functional.", where=str(cut.place)
    )
