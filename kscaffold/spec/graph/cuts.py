"""Models cut out of a graph: found by the layers that they end with, or, in classes, sub-models of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kscaffold.base.naming import unique
from kscaffold.program.argument import Kind
from kscaffold.program.tree import Object, Plain, Value, names, transform, values
from kscaffold.program.value import Input
from kscaffold.spec.graph.layer_names import makes_its_value
from kscaffold.spec.graph.shapes import GraphShapes
from kscaffold.spec.graph.value import Cut, Graph, Node, Output, Step, Target, natural_form


def end_cuts(graph: Graph) -> Graph:
    """The graph in which every value that a cut takes or gives is the output of one layer, found by its name.

    A shared or repeated layer, an operation, a block and one of several values get an `Identity` behind them.
    """
    for value in dict.fromkeys(value for cut in graph.cuts for value in (*cut.inputs, *cut.outputs)):
        maker = graph.makers.get(value)
        if maker is None or makes_its_value(maker):
            continue
        step = Step(Target.LAYER, "Identity", maker.place, Object("layers.Identity"))
        place = graph.nodes.index(maker)
        if graph.values_of(maker) == (maker.name,):
            ended = replace(maker, steps=(*maker.steps, step))
            graph = replace(graph, nodes=(*graph.nodes[:place], ended, *graph.nodes[place + 1 :]))
            continue
        taken = {*graph.values, *(node.name for node in graph.nodes), *(item.name for item in graph.parameters)}
        taken |= {*(item.name for item in graph.shared), *(part.name for part in graph.parts)}
        node, _, part = value.partition(".")  # Keras itself gives the name lstm_1 to a second LSTM
        name = unique(f"{node}_output{part}" if part.isdecimal() else f"{node}_{part}", taken)
        added = Node(name, (value,), (step,), maker.place, maker.place)
        graph = _renamed(graph, {value: name})
        graph = replace(graph, nodes=(*graph.nodes[: place + 1], added, *graph.nodes[place + 1 :]))
    return graph


def _renamed(graph: Graph, new: Mapping[str, str]) -> Graph:
    """The graph with other names for some values, wherever they are taken."""

    def rename(values: Iterable[str]) -> tuple[str, ...]:
        return tuple(new.get(value, value) for value in values)

    def in_step(step: Step) -> Step:
        passed = transform(
            step.passed, lambda part: Value(new.get(part.name, part.name)) if isinstance(part, Value) else None
        )
        assert isinstance(passed, Object)
        return replace(step, passed=passed)

    return replace(
        graph,
        nodes=tuple(
            replace(node, start=rename(node.start), steps=tuple(map(in_step, node.steps))) for node in graph.nodes
        ),
        outputs=tuple(replace(item, value=new.get(item.value, item.value)) for item in graph.outputs),
        cuts=tuple(replace(cut, inputs=rename(cut.inputs), outputs=rename(cut.outputs)) for cut in graph.cuts),
    )


def absorb_cuts(graph: Graph) -> Graph:
    """The graph with each cut as a sub-model that it calls; it computes the same.

    Where the rest of the graph reaches into one of them, by a shared layer or a value inside, all stay cuts.
    """
    whole: Graph | None = graph
    while whole and whole.cuts:
        whole = _absorb(whole, whole.cuts[0])
    return whole or graph


def without_input_sizes(graph: Graph) -> Graph:
    """The graph with the parameters that its calls need, and not those that only inputs are declared with.

    A layer takes the size of its inputs from what it is given.
    """
    graph = replace(graph, parts=tuple(map(without_input_sizes, graph.parts)))
    return replace(graph, parameters=tuple(item for item in graph.parameters if item.name in graph.uses))


def inputs_of_cut(cut: Cut, graph: Graph, shapes: GraphShapes) -> tuple[Input, ...]:
    """The inputs of a cut whose layers are called once more, with the sizes that are known for all parameters."""
    declared = {item.name: item for item in graph.inputs}
    depends = any(item.kind is Kind.INT for item in graph.parameters)
    made = []
    for value in cut.inputs:
        item, shape, last = declared.get(value), shapes.values.get(value), shapes.lasts.get(value)
        if item is None and shape is None:
            raise cut.place.error(f"{cut.name!r} takes {value!r}, whose shape is not known.", "Use --style functional.")
        known = [None if size is None or depends else Plain(size) for size in shape or ()]
        sizes = item.sizes if item else (*known[:-1], last) if last is not None else known
        listed = tuple(size if size is not None and names(size) <= graph.uses else None for size in sizes)
        made.append(replace(item or Input(value.replace(".", "_"), ()), sizes=listed, place=cut.place))
    return tuple(made)


def _absorb(graph: Graph, cut: Cut) -> Graph | None:
    """The graph with one cut as a sub-model; `None` where the rest of it reaches into the cut."""
    inside = graph.needed_for(cut.outputs, cut.inputs)
    region = replace(graph, nodes=inside)
    rest = replace(graph, nodes=tuple(node for node in graph.nodes if node not in inside), cuts=graph.cuts[1:])
    used = {value for node in rest.nodes for value in node.needs} | {output.value for output in graph.outputs}
    own, others = _called(region), _called(rest)
    both = {*(item.name for item in graph.shared), *(model.name for model in graph.models)} & own & others
    if both or used & {*region.makers} != {*cut.outputs} or not {*cut.inputs} <= {*graph.values}:
        return None
    declared = {item.name: item for item in graph.inputs}
    model = Graph(
        cut.name,
        tuple(declared.get(name) or Input(name.replace(".", "_"), (), place=cut.place) for name in cut.inputs),
        inside,
        tuple(Output(value.replace(".", "_"), value, cut.place) for value in cut.outputs),
        parameters=graph.parameters,
        shared=graph.shared,
        parts=graph.parts,
        input_form=natural_form(len(cut.inputs)),
        output_form=natural_form(len(cut.outputs)),
        place=cut.place,
    )
    several = len(cut.outputs) > 1
    step = Step(Target.MODEL, cut.name, cut.place)
    call = Node(cut.name if several else cut.outputs[0], cut.inputs, (step,), cut.place, cut.place)
    rest = _with_parts(rest, others)
    rest = replace(rest, parts=(*rest.parts, _with_parts(model, own)))
    whole = _renamed(rest, {value: f"{cut.name}.{value}" for value in cut.outputs} if several else {})
    behind = (place for place, node in enumerate(rest.nodes) if set(node.needs) & set(cut.outputs))
    first = next(behind, len(rest.nodes))
    return replace(whole, nodes=(*whole.nodes[:first], call, *whole.nodes[first:]))


def _called(graph: Graph) -> set[str]:
    """The shared layers, models and blocks that the nodes of a graph call, also inside of layers."""
    layers = [layer for step in graph.steps if (layer := graph.layer_of(step))]
    return {step.name for step in graph.steps}.union(*(values(layer) for layer in layers))


def _with_parts(graph: Graph, called: set[str]) -> Graph:
    """The graph with those of its shared layers, models and blocks that are called."""
    return replace(
        graph,
        shared=tuple(item for item in graph.shared if item.name in called),
        parts=tuple(item for item in graph.parts if item.name in called),
    )
