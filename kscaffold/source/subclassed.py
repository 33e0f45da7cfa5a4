"""The subclassed style: a class for the model, and layers for its sub-models and blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import ModuleName
from kscaffold.program.text import literal
from kscaffold.program.tree import Listing, Ref, Table, Tree, values
from kscaffold.source.body import Body, Line, step_arguments
from kscaffold.source.names import Scope, attribute_names, class_name, is_named, variable_name
from kscaffold.source.parts import described_inputs, described_outputs, layer_source, passed_source, summary_of
from kscaffold.source.symbolic import symbolic_lines
from kscaffold.spec.graph.absorb import absorb_cuts, without_input_sizes
from kscaffold.spec.graph.shapes import ShapeFacts
from kscaffold.spec.graph.value import NOTHING, Form, Graph, Node, Step, Target, every_graph
from kscaffold.spec.layer.argument import Argument


@dataclass(frozen=True)
class ClassPart:
    """A class: a model, or a layer for one of its parts.

    Attributes:
        name: Its name.
        base: What it derives from.
        summary: The first line of its docstring.
        arguments: Its constructor arguments.
        inputs: Name and shape of each input; no shape for a block, which takes what it is given.
        outputs: Name and shape of each output.
        constructor: The statements of its constructor that make layers.
        build: The statements of `build`.
        call: The statements of `call`.
        takes_training: Whether `call` takes `training`.
        output_shape: The statements of `compute_output_shape`.
        passes_mask: Whether a mask of the inputs is valid for the outputs.
        keeps_masks: Whether the masks of the outputs are those that the layers inside give them.
        autocasts: Whether it casts its inputs to its own type.
        frozen: Whether nothing in it is trained.
    """

    name: str
    base: str
    summary: str
    arguments: tuple[Argument, ...]
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    constructor: tuple[Line, ...]
    build: tuple[Line, ...]
    call: tuple[Line, ...]
    takes_training: bool
    output_shape: tuple[Line, ...]
    passes_mask: bool
    keeps_masks: bool = False
    autocasts: bool = True
    frozen: bool = False


def subclassed_parts(graph: Graph, name: ModuleName, facts: ShapeFacts) -> tuple[ClassPart, ...]:
    """The classes of a subclassed module, each behind those that it uses.

    Raises:
        RequestError: A model that is cut out of the graph cannot be a layer of its own, or one is called with a mask.
    """
    for cut in graph.cuts:  # the values of what is cut out keep their names
        facts.by_name[cut.name] = facts.of(graph)
    whole = without_input_sizes(absorb_cuts(graph))
    return tuple(_class(part, name.class_name if part is whole else class_name(part), part is whole, facts)
                 for part in every_graph(whole))  # fmt: skip


def _class(graph: Graph, name: str, is_model: bool, facts: ShapeFacts) -> ClassPart:
    writer = _ClassWriter(graph)
    shapes = facts.of(graph)
    if graph.is_block:
        inputs = tuple((item.name, "") for item in graph.inputs)
        outputs: tuple[tuple[str, str], ...] = ()
    else:
        inputs, outputs = described_inputs(graph, shapes), described_outputs(graph, shapes)
    return ClassPart(
        name=name,
        base="keras.Model" if is_model else "layers.Layer",
        summary=summary_of(graph, f"The model {graph.name}." if is_model else f"The {graph.name} of the model."),
        arguments=graph.parameters,
        inputs=inputs,
        outputs=outputs,
        constructor=tuple(Line(f"self.{name} = {made}") for name, made in writer.made()),
        build=tuple(writer.build_lines()),
        call=tuple(writer.call_lines()),
        takes_training=takes_training(graph),
        output_shape=tuple(writer.output_shape_lines()),
        passes_mask=not is_model and passes_mask(graph),
        frozen=graph.frozen,
    )


def takes_training(graph: Graph) -> bool:
    """Whether a layer in a graph behaves differently in training."""
    return any(_trains(graph, step) for step in graph.steps)


def passes_mask(graph: Graph) -> bool:
    """Whether every layer in a graph keeps the steps of a sequence."""
    layers = [None if step.passed != NOTHING else graph.layer_of(step) for step in graph.steps]
    return len(graph.inputs) == 1 and all(item and item.signature and item.signature.keeps_steps for item in layers)


def _trains(graph: Graph, step: Step) -> bool:
    layer, part = graph.layer_of(step), graph.part_of(step)
    if part:
        return takes_training(part)
    if layer is None:
        return False
    # The dense layers take it for their quantized form alone.
    return bool(layer.signature and "training" in layer.signature.call and layer.class_name not in QUANTIZED)


QUANTIZED = ("Dense", "EinsumDense", "Embedding")


class _ClassWriter:
    """Source of the methods of one class."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.attributes = attribute_names(graph)

    @property
    def is_symbolic(self) -> bool:
        """Whether shapes do not go through it layer by layer: it is built by a call without numbers."""
        steps = list(self.graph.steps)
        layers = [layer for step in steps if (layer := self.graph.layer_of(step))]
        called = [part for step in steps if (part := self.graph.part_of(step))]
        forms = [
            (form, len(values))
            for part in (self.graph, *called)
            if not part.is_block
            for form, values in ((part.input_form, part.inputs), (part.output_form, part.outputs))
        ]
        return (
            any(layer.call.own and layer.call.own[0] for layer in layers)  # it may say nothing of shapes
            or any(step.target is Target.OPERATION or step.passed != NOTHING for step in steps)
            or any(node.parts for node in self.graph.nodes)
            or any(form is Form.DICT or (form is Form.LIST and count == 1) for form, count in forms)
        )

    def symbolic_lines(self) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        """The statements of `build` and of `compute_output_shape` that run `call` without numbers."""
        values = tuple(Ref(-1 - place) for place in range(len(self.graph.inputs)))
        types = [item.dtype for item in self.graph.inputs]
        inputs: Tree = Listing("[]", values) if self.takes_list else values[0]
        if self.graph.input_form is Form.DICT:
            inputs = Table(tuple(zip((item.name for item in self.graph.inputs), values)))
        single = self.graph.output_form is Form.ONE and len(self.graph.outputs) == 1
        outputs = Ref(0) if single else Listing("[]", ())
        return symbolic_lines(inputs, lambda ref: types[-1 - ref.source], outputs)

    @property
    def takes_list(self) -> bool:
        """Whether `call` takes a list."""
        return len(self.graph.inputs) > 1 or self.graph.input_form is Form.LIST

    def build_lines(self) -> Iterator[Line]:
        """The statements of `build`."""
        yield from self.symbolic_lines()[0] if self.is_symbolic else self.shape_lines(builds=True)

    def output_shape_lines(self) -> Iterator[Line]:
        """The statements of `compute_output_shape`."""
        yield from self.symbolic_lines()[1] if self.is_symbolic else self.shape_lines(builds=False)

    def made(self) -> Iterator[tuple[str, str]]:
        """What the constructor makes, in order of use: name and source."""
        done = {""}
        for attribute, step in zip(self.attributes, self.graph.steps):
            if attribute in done:
                continue
            done.add(attribute)
            layer = self.graph.layer_of(step)
            if layer:
                for model in self.graph.models_in(layer):
                    if self._is_kept(model) and model.name not in done:
                        done.add(model.name)
                        yield model.name, self._part_source(model)
                made = layer_source(layer, dtype=True, model=self._model)
            else:
                made = self._part_source(self.graph.subgraph(step), step)
            yield attribute, f"[{made} for _ in range({step.repeat})]" if step.repeated else made

    def _part_source(self, part: Graph, step: Step | None = None) -> str:
        passed = passed_source(part, dict(step.arguments) if step else {})
        return f"{class_name(part)}({', '.join([*([passed] if passed else []), 'dtype=self.dtype_policy'])})"

    def _is_kept(self, model: Graph) -> bool:
        """Whether a model inside of a layer has an attribute: something else has it, too."""
        named = [name for step in self.graph.steps if step.layer for name in values(step.layer.call)]
        named += [name for item in self.graph.shared for name in values(item.layer.call)]
        named += [step.name for step in self.graph.steps if step.target is Target.MODEL]
        return named.count(model.name) > 1

    def _model(self, name: str) -> str:
        model = next(item for item in self.graph.models if item.name == name)
        return f"self.{name}" if self._is_kept(model) else self._part_source(model)

    def call_lines(self) -> Iterator[Line]:
        """The statements of `call`.

        Raises:
            RequestError: A part of the model is called with a mask.
        """
        for step in self.graph.steps:
            if step.target is Target.MODEL and "mask" in dict(step.passed.keywords):
                raise RequestError(
                    f"The class of {step.name!r} takes no mask.", hint="Use --style functional.", where=str(step.place)
                )
        scope = Scope({"self", "training", "inputs", "layer"})
        is_dict = self.graph.input_form is Form.DICT
        single = not (is_dict or self.takes_list)
        variables = {
            item.name: "inputs" if single else scope.new(variable_name(item.name)) for item in self.graph.inputs
        }
        if is_dict:
            yield from (Line(f"{name} = inputs[{literal(key)}]") for key, name in variables.items())
        elif not single:
            yield Line(f"{', '.join(variables.values())}{',' if len(variables) == 1 else ''} = inputs")
        body = Body(self.graph, scope, variables, self._apply, self._loop, parameter=lambda name: f"self.{name}")
        outputs = body.write(returns=True)
        yield from body.lines
        yield Line(f"return {outputs}")

    def _apply(self, index: int, step: Step, arguments: str) -> str:
        if step.target is Target.BLOCK and len(self.graph.subgraph(step).inputs) > 1:
            arguments = f"[{arguments}]"
        return f"self.{self.attributes[index]}({self._with_training(step, arguments)})"

    def _loop(self, index: int, step: Step, value: str) -> tuple[str, str]:
        return f"for layer in self.{self.attributes[index]}:", f"layer({self._with_training(step, value)})"

    def _with_training(self, step: Step, arguments: str) -> str:
        said = "training" in dict(step.passed.keywords)
        return f"{arguments}, training=training" if _trains(self.graph, step) and not said else arguments

    def shape_lines(self, builds: bool) -> Iterator[Line]:
        """The statements of `build`, or of `compute_output_shape`.

        Args:
            builds: Whether the layers are built on the way.
        """
        scope = Scope({"self", "input_shape", "layer", "shape"})
        single = len(self.graph.inputs) == 1
        shapes = {item.name: "input_shape" if single else scope.new(f"{item.name}_shape") for item in self.graph.inputs}
        if not single:
            yield Line(f"{', '.join(shapes.values())} = input_shape")
        outputs = [output.value for output in self.graph.outputs]
        calls = self._calls()
        needed = self._needed(calls) if builds else {*outputs, *(value for node, _ in calls for value in node.start)}
        built: set[str] = set()
        final = False
        for node, steps in calls:
            made = self.graph.values_of(node)
            if builds and not needed & set(made):
                steps = _up_to_the_last_that_is_new(steps, built)
            final = node is self.graph.nodes[-1] and not builds and outputs == list(made)
            kept = bool(needed & set(made))
            names = [scope.new(f"{variable_name(value)}_shape") for value in made] if kept and not final else []
            if not steps:
                continue
            given = tuple(shapes[value] for value in node.start)
            yield from self._node_shapes(node, steps, given, names, builds, built, final)
            shapes |= dict(zip(made, names))
        if not builds and not final:
            listed = [shapes[value] for value in outputs]
            yield Line(f"return {listed[0]}" if len(listed) == 1 else f"return [{', '.join(listed)}]")

    def _calls(self) -> list[tuple[Node, list[tuple[str, Step]]]]:
        """The nodes, each with its steps and the attributes that they call."""
        attributes = iter(self.attributes)
        return [(node, [(next(attributes), step) for step in node.steps]) for node in self.graph.nodes]

    def _needed(self, calls: list[tuple[Node, list[tuple[str, Step]]]]) -> set[str]:
        """The values whose shapes `build` needs: those that something is built for, and those behind them."""
        seen: set[str] = set()
        building = []
        for _, steps in calls:
            building.append(any(name not in seen for name, _ in steps))
            seen |= {name for name, _ in steps}
        needed: set[str] = set()
        for (node, _), builds in zip(reversed(calls), reversed(building)):
            if builds or needed & set(self.graph.values_of(node)):
                needed |= set(node.start)
        return needed

    def _node_shapes(
        self,
        node: Node,
        steps: list[tuple[str, Step]],
        given: tuple[str, ...],
        names: list[str],
        builds: bool,
        built: set[str],
        final: bool,
    ) -> Iterator[Line]:
        """The shapes through one node; `shape` stands between its steps."""
        position = 0
        while position < len(steps):
            run = self._run(steps, position, given, built)
            position += len(run)
            last = position == len(steps)
            target = ", ".join(names) if last and names else "shape"
            wanted = not last or bool(names) or final
            if len(run) > 1 or run[0][1].repeated:
                if given != ("shape",):
                    yield Line(f"shape = {given[0]}")
                listed = [f"*self.{name}" if step.repeated else f"self.{name}" for name, step in run]
                over = f"self.{run[0][0]}" if len(run) == 1 else f"({', '.join(listed)})"
                yield Line(f"for layer in {over}:")
                if builds:
                    yield Line("    layer.build(shape)")
                yield Line("    shape = layer.compute_output_shape(shape)")
                if last and names:
                    yield Line(f"{target} = shape")
                if last and final:
                    yield Line("return shape")
                built |= {name for name, _ in run}
            else:
                name, step = run[0]
                arguments = self._shape_arguments(step, given)
                if builds and name not in built:
                    yield Line(f"self.{name}.build({arguments})")
                    built.add(name)
                computed = f"self.{name}.compute_output_shape({arguments})"
                if last and final:
                    yield Line(f"return {computed}")
                elif wanted:
                    yield Line(f"{target} = {computed}")
            given = ("shape",)

    def _run(
        self, steps: list[tuple[str, Step]], start: int, given: tuple[str, ...], built: set[str]
    ) -> list[tuple[str, Step]]:
        """The steps from `start` on that one loop can go through: each takes one shape, and is new."""
        run: list[tuple[str, Step]] = []
        for name, step in steps[start:]:
            takes_one = len(given) == 1 or run
            plain = takes_one and "," not in self._shape_arguments(step, ("shape",)) and not is_named(step)
            if not plain or name in built:
                break
            run.append((name, step))
        return run or [steps[start]]

    def _shape_arguments(self, step: Step, given: tuple[str, ...]) -> str:
        if step.target is Target.BLOCK and len(given) > 1:
            return f"[{', '.join(given)}]"
        return step_arguments(self.graph, step, given)


def _up_to_the_last_that_is_new(steps: list[tuple[str, Step]], built: set[str]) -> list[tuple[str, Step]]:
    names = [name for name, _ in steps]
    new = [position for position, name in enumerate(names) if name not in {*built, *names[:position]}]
    return steps[: new[-1] + 1] if new else []
