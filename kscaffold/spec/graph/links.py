"""How the nodes of a graph hang together: their order, what is cut out of it, and what nothing needs."""

from __future__ import annotations

from kscaffold.base.errors import RequestError, did_you_mean
from kscaffold.base.place import Place, Text
from kscaffold.spec.graph.document import GraphText
from kscaffold.spec.graph.order import sort_by_need
from kscaffold.spec.graph.value import Cut, Graph, Node, every_graph


def in_order(graph: Graph) -> tuple[Node, ...]:
    """The nodes, each behind those that it needs; all values that they name exist."""
    makers = {value: node for node in graph.nodes for value in graph.values_of(node)}
    known = {item.name for item in graph.inputs}
    for node in graph.nodes:
        placed = [(value, node.start_place) for value in node.start]
        placed += [(value, step.place) for step in node.steps for value in step.reads]
        for value, place in placed:
            if value not in makers and value not in known:
                raise _unknown_value(value, place, graph)
    for output in graph.outputs:
        if output.value not in makers and output.value not in known:
            raise _unknown_value(output.value, output.place, graph)
    needs = {node.name: [makers[value].name for value in node.needs if value in makers] for node in graph.nodes}
    by_name = {node.name: node for node in graph.nodes}
    ordered, circle = sort_by_need(needs)
    if circle:
        raise RequestError(f"{' needs '.join(circle)}: a graph has no cycles.", where=str(by_name[circle[0]].place))
    return tuple(by_name[name] for name in ordered)


def _unknown_value(value: str, place: Place, graph: Graph) -> RequestError:
    known = [item.name for item in graph.inputs]
    known += [made for node in graph.nodes for made in graph.values_of(node)]
    base = value.partition(".")[0]
    whole = next((node for node in graph.nodes if node.name == base), None)
    if whole and value != base and graph.values_of(whole) == (base,):
        return RequestError(f"{base!r} is one value.", hint=f"Write {base}.", where=str(place))
    if whole and value == base:
        several = "gives several values" if whole.parts else "has several outputs"
        return RequestError(
            f"{base!r} {several}.", hint=f"Write one: {', '.join(graph.values_of(whole))}.",
            where=str(place),
        )  # fmt: skip
    hint = did_you_mean(value, known) or f"There are: {', '.join(known)}."
    return RequestError(f"There is no value {value!r}.", hint=hint, where=str(place))


def read_cut(name: Text, text: GraphText, graph: Graph) -> Cut:
    """A model cut out of this graph."""
    said = text.trainable or next((key for key, _ in text.structure), None)
    if said:
        raise RequestError(
            f"The model {name.value!r} is cut out of the graph, which says how it is.",
            hint="Leave out structure and trainable.",
            where=str(said.place),
        )
    known = {item.name for item in graph.inputs}
    known |= {value for node in graph.nodes for value in graph.values_of(node)}
    inputs = tuple(item.name.value for item in text.inputs)
    outputs = tuple(value.value for _, value in text.outputs)
    places = [(item.name.value, item.name.place) for item in text.inputs]
    places += [(value.value, value.place) for _, value in text.outputs]
    for value, place in places:
        if value not in known:
            raise _unknown_value(value, place, graph)
    if not inputs or not outputs:
        raise RequestError(f"The model {name.value!r} needs inputs and outputs.", where=str(name.place))
    return Cut(name.value, inputs, outputs, name.place)


def refuse_unused(graph: Graph, document: GraphText | None) -> None:
    """Raises unless everything is there for an output.

    Args:
        graph: The graph.
        document: The whole spec, for its main graph: all of its models and blocks are called.

    Raises:
        RequestError: Something is not used; names the place.
    """
    makers = {value: node for node in graph.nodes for value in graph.values_of(node)}
    needed: set[str] = set()
    waiting = [output.value for output in graph.outputs]
    values = set(waiting)
    while waiting:
        maker = makers.get(waiting.pop())
        if maker and maker.name not in needed:
            needed.add(maker.name)
            waiting += maker.needs
            values |= set(maker.needs)
    for node in graph.nodes:
        if node.name not in needed:
            raise RequestError(
                f"The node {node.name!r} is not used: no output depends on it.",
                hint="Use it, make it an output, or leave it out.",
                where=str(node.place),
            )
    for item in graph.inputs:
        if item.name not in values:
            raise RequestError(f"The input {item.name!r} is not used: no output depends on it.", where=str(item.place))
    for output in graph.outputs:
        if output.value not in makers:
            raise RequestError(
                f"The output {output.name!r} is the input itself.", hint="Call a layer.", where=str(output.place)
            )
    called = {step.name for step in graph.steps}
    for shared in graph.shared:
        if shared.name not in called:
            raise RequestError(f"The shared layer {shared.name!r} is not called.", where=str(shared.place))
    if document:
        everything = {part.name for part in every_graph(graph)}
        for name, text in (*document.models, *document.blocks):
            if not text.is_cut and name.value not in everything:
                raise RequestError(f"{name.value!r} is never called.", where=str(name.place))
