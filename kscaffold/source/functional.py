"""The functional style: a function for the model, for each sub-model, for each block and for each cut."""

from __future__ import annotations

from collections.abc import Iterator

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place
from kscaffold.program.text import literal
from kscaffold.source.body import Body, Line, structure_source
from kscaffold.source.names import ModelNames, Scope
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
from kscaffold.spec.graph.value import Cut, Graph, Step, Target, every_graph


def functional_parts(graph: Graph, facts: ShapeFacts) -> tuple[Function, ...]:
    """The functions of a functional module, each behind those that it calls.

    Raises:
        RequestError: A model cannot be cut out of the graph.
    """
    made = [_block(part, facts) if part.is_block else _model(part, facts) for part in every_graph(graph)]
    return (*made, *(_cut(cut, graph) for cut in graph.cuts))


def builder_name(graph: Graph) -> str:
    """The function that builds a model."""
    return f"build_{graph.name}"


def _model(graph: Graph, facts: ShapeFacts) -> Function:
    taken = {"keras", "layers", *(argument.name for argument in graph.parameters)}
    scope = Scope(taken | graph.callables)
    variables = {item.name: scope.new(item.name) for item in graph.inputs}
    lines = [Line(f"{variables[item.name]} = {input_source(item)}", item.place) for item in graph.inputs]
    names = ModelNames(graph, _layer_names(graph))
    names.demand_free(_named_layers(graph))
    shared = [
        Line(f"{item.name} = {layer_source(item.layer, named(names.shared(item.name)))}", item.place)
        for item in graph.shared
    ]
    models = [Line(f"{model.name} = {builder_name(model)}({passed_source(model, {})})") for model in graph.models]
    lines += [*models, *shared] if _shares_models(graph) else [*shared, *models]
    body = Body(graph, scope, variables, _Caller(graph).apply, _Caller(graph).loop)
    outputs = body.write()
    input_names = [item.name for item in graph.inputs]
    inputs = structure_source(graph.input_form, input_names, [variables[name] for name in input_names])
    made = f"keras.Model({inputs}, {outputs}, name={literal(graph.name)})"
    lines += [*body.lines, *_return_lines(graph, made)]
    shapes = facts.of(graph)
    return Function(
        name=builder_name(graph),
        parameters=parameters_source(graph.parameters),
        summary=summary_of(graph, f"Builds the model {graph.name}."),
        arguments=explained(graph.parameters),
        inputs=described_inputs(graph, shapes),
        outputs=described_outputs(graph, shapes),
        returns="The model, not compiled.",
        lines=tuple(lines),
    )


def _return_lines(graph: Graph, made: str) -> list[Line]:
    """Statements that return a model; one of which nothing is trained is frozen before."""
    if not graph.frozen:
        return [Line(f"return {made}")]
    return [Line(f"model = {made}"), Line("model.trainable = False"), Line("return model")]


def _shares_models(graph: Graph) -> bool:
    """Whether a shared layer has a model in it."""
    return any(graph.models_in(item.layer) for item in graph.shared)


def _block(graph: Graph, facts: ShapeFacts) -> Function:
    inputs = [item.name for item in graph.inputs]
    taken = {"keras", "layers", *inputs, *(argument.name for argument in graph.parameters)}
    scope = Scope(taken | graph.callables)
    lines = [Line(f"{model.name} = {builder_name(model)}({passed_source(model, {})})") for model in graph.models]
    lines += [Line(f"{item.name} = {layer_source(item.layer)}", item.place) for item in graph.shared]
    body = Body(graph, scope, {name: name for name in inputs}, _Caller(graph).apply, _Caller(graph).loop)
    outputs = body.write(returns=True)
    outputs = outputs if len(graph.outputs) == 1 else outputs[1:-1]
    lines += [*body.lines, Line(f"return {outputs}", graph.nodes[-1].steps[-1].place)]
    rest = parameters_source(graph.parameters)
    return Function(
        name=graph.name,
        parameters=", ".join([*inputs, *([rest] if rest else [])]),
        summary=summary_of(graph, f"Applies the block {graph.name}."),
        arguments=(*((name, "Tensor, an input.") for name in inputs), *explained(graph.parameters)),
        inputs=(),
        outputs=(),
        returns="A tensor." if len(graph.outputs) == 1 else f"{len(graph.outputs)} tensors.",
        lines=tuple(lines),
    )


class _Caller:
    """Source of calls in the functional style."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.names = _layer_names(graph)

    def apply(self, index: int, step: Step, arguments: str) -> str:
        """A call of a step."""
        if step.target is Target.BLOCK:
            passed = passed_source(self.graph.subgraph(step), dict(step.arguments))
            return f"{step.name}({', '.join([arguments, *([passed] if passed else [])])})"
        if step.layer is None:
            return f"{step.name}({arguments})"
        return f"{layer_source(step.layer, named(self.names.get(index)))}({arguments})"

    def loop(self, index: int, step: Step, value: str) -> tuple[str, str]:
        """A loop over a repeated step."""
        return f"for _ in range({step.repeat}):", self.apply(index, step, value)


def _layer_names(graph: Graph) -> dict[int, str]:
    """Names of layers that matter: those of outputs, by which losses and targets find them, and those of cuts."""
    wanted = {value for cut in graph.cuts for value in (*cut.inputs, *cut.outputs)}
    if len(graph.outputs) > 1:
        wanted |= {output.value for output in graph.outputs}
    labels = {output.value: output.name for output in graph.outputs}
    names = {}
    index = -1
    for node in graph.nodes:
        index += len(node.steps)
        if node.name in wanted and node.steps[-1].layer and not node.steps[-1].repeated and not graph.is_block:
            names[index] = labels.get(node.name, node.name)
    return names


def _named_layers(graph: Graph) -> Iterator[tuple[str, Place]]:
    """The names of the layers that are given one, each with the place where it is asked for."""
    places = {cut_value: cut.place for cut in graph.cuts for cut_value in (*cut.inputs, *cut.outputs)}
    places |= {output.name: output.place for output in graph.outputs}
    return ((name, places[name]) for name in _layer_names(graph).values())


def _cut(cut: Cut, graph: Graph) -> Function:
    return Function(
        name=f"build_{cut.name}",
        parameters="model",
        summary=f"Cuts the model {cut.name} out of {graph.name}; it shares the layers.",
        arguments=(("model", f"What `{builder_name(graph)}` returns."),),
        inputs=(),
        outputs=(),
        returns=f"The model from {' and '.join(cut.inputs)} to {' and '.join(cut.outputs)}.",
        lines=tuple(_cut_lines(cut, graph)),
    )


def _cut_lines(cut: Cut, graph: Graph) -> Iterator[Line]:
    inputs = {item.name for item in graph.inputs}
    nodes = {node.name: node for node in graph.nodes}
    labels = {output.value: output.name for output in graph.outputs}
    sources = []
    for values in (cut.inputs, cut.outputs):
        tensors = []
        for value in values:
            node = None if value in inputs else nodes[value.partition(".")[0]]
            step = node.steps[-1] if node else None
            if node and step and (step.layer is None or step.repeated or node.parts):
                last = "repeated" if step.repeated else "shared"
                last = "an operation" if step.target is Target.OPERATION else last
                last = "one of several values" if node.parts else last
                raise RequestError(
                    f"{value!r} cannot be cut out: its last call is {last}, no layer of its own.",
                    hint="End the node with -> Identity.",
                    where=str(cut.place),
                )
            tensors.append(f"model.get_layer({literal(labels.get(value, value))}).output")
        sources.append(tensors[0] if len(tensors) == 1 else f"[{', '.join(tensors)}]")
    yield Line(f"return keras.Model({sources[0]}, {sources[1]}, name={literal(cut.name)})", cut.place)
