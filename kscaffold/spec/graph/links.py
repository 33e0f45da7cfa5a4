"""How the nodes of a graph hang together: their order, what is cut out of it, and what nothing needs."""

from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from kscaffold.base.place import Place, Text
from kscaffold.spec.graph.document import GraphText
from kscaffold.spec.graph.value import Cut, Graph, Node, every_graph


def in_order(graph: Graph) -> Graph:
    """The graph with each node behind those that it needs, and else as they are written.

    Raises:
        RequestError: A value is named that there is not, or nodes need each other in a circle; names the place.
    """
    for node in graph.nodes:
        for value in node.start:
            demand_value(value, node.start_place, graph)
        for step in node.steps:
            for value in step.reads:
                demand_value(value, step.place, graph)
    for output in graph.outputs:
        demand_value(output.value, output.place, graph)
    nodes = graph.nodes
    makers = {value: place for place, node in enumerate(nodes) for value in graph.values_of(node)}
    needs = {place: [makers[value] for value in node.needs if value in makers] for place, node in enumerate(nodes)}
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        circle = error.args[1][:0:-1]  # each needs the one behind it, and the last one the first
        first = circle.index(min(circle))
        names = [nodes[place].name for place in (*circle[first:], *circle[: first + 1])]
        raise nodes[circle[first]].place.error(f"{' needs '.join(names)}: a graph has no cycles.") from None
    ordered: list[Node] = []
    ready: list[int] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        ordered.append(nodes[ready[0]])
        sorter.done(ready.pop(0))
    return replace(graph, nodes=tuple(ordered))


def demand_value(value: str, place: Place, graph: Graph) -> None:
    """Raises a `RequestError` that names the place, unless a graph has a value."""
    if value in graph.values:
        return
    base = value.partition(".")[0]
    whole = next((node for node in graph.nodes if node.name == base), None)
    if whole and value == base:
        several = "gives several values" if whole.parts else "has several outputs"
        raise place.error(f"{base!r} {several}.", f"Write one: {', '.join(graph.values_of(whole))}.")
    if whole and graph.values_of(whole) == (base,):
        raise place.error(f"{base!r} is one value.", f"Write {base}.")
    raise place.unknown(f"There is no value {value!r}.", value, graph.values)


def check_lists(graph: Graph) -> None:
    """Raises unless each list of what rounds gave is taken once, by a repetition that takes one of it in each round."""
    lists, taken = graph.lists, set[str]()
    hint = "A repeated block takes one of them in each round, the last first: (x, {}) -> (block(8) x3)."
    outputs = ((output.value, output.place, False) for output in graph.outputs)
    passed = ((value, step.place, False) for step in graph.steps for value in step.reads)
    started = (
        (value, node.start_place, index > 0 and node.steps[0].repeated)
        for node in graph.nodes
        for index, value in enumerate(node.start)
    )
    for value, place, one_each_round in (*outputs, *passed, *started):
        if value in lists and not one_each_round:
            problem = f"{value!r} is a list of what each round gave."
            raise place.error(problem, hint.format(value))
        if value in lists and value in taken:
            raise place.error(f"{value!r} is taken twice, and nothing is left of it.", "Give it another output.")
        taken |= {value} & lists.keys()


def read_cut(name: Text, text: GraphText, graph: Graph) -> Cut:
    """A model cut out of a graph; a `RequestError` if it needs more than it is given, or says what the graph says."""
    said = text.trainable or next((key for key, _ in text.structure), None)
    if said:
        problem = f"The model {name.value!r} is cut out of the graph, which says how it is."
        raise said.place.error(problem, "Leave out structure and trainable.")
    if not text.inputs or not text.outputs:
        raise name.place.error(f"The model {name.value!r} needs inputs and outputs.")
    given, made = [item.name for item in text.inputs], [value for _, value in text.outputs]
    for value in (*given, *made):
        demand_value(value.value, value.place, graph)
        if value.value in graph.lists:
            raise value.place.error(f"{value.value!r} is a list of what each round gave, which nothing is cut at.")
    cut = Cut(name.value, tuple(value.value for value in given), tuple(value.value for value in made), name.place)
    reached = {*cut.outputs, *(value for node in graph.needed_for(cut.outputs, cut.inputs) for value in node.needs)}
    for item in graph.inputs:
        if item.name in reached.difference(cut.inputs):
            problem = f"{cut.name!r} needs {item.name!r}, which is not one of its inputs."
            raise name.place.error(problem, "Add it there.")
    return cut


def refuse_unused(graph: Graph, document: GraphText | None) -> None:
    """Raises unless everything is there for an output, and for the main graph, all parts of its document are called."""
    outputs = [output.value for output in graph.outputs]
    needed = graph.needed_for(outputs)
    used = {*outputs, *(value for node in needed for value in node.needs)}
    for node in graph.nodes:
        if node not in needed:
            problem = f"The node {node.name!r} is not used: no output depends on it."
            raise node.place.error(problem, "Use it, make it an output, or leave it out.")
    for item in graph.inputs:
        if item.name not in used:
            raise (item.place or graph.place).error(f"The input {item.name!r} is not used: no output depends on it.")
    for output in graph.outputs:
        if output.value not in graph.makers:
            raise output.place.error(f"The output {output.name!r} is the input itself.", "Call a layer.")
    called = {step.name for step in graph.steps}
    for shared in graph.shared:
        if shared.name not in called:
            raise shared.place.error(f"The shared layer {shared.name!r} is not called.")
    everything = {part.name for part in every_graph(graph)}
    for name, text in document.parts if document else ():
        if not text.is_cut and name.value not in everything:
            raise name.place.error(f"{name.value!r} is never called.")
