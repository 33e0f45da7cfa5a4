"""The shapes of the values of a graph and the number of its parameters, as far as they are known without Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from kscaffold.base.errors import RequestError
from kscaffold.program.text import show
from kscaffold.program.tree import Arithmetic, Listing, Object, Plain, Tree, Value, Variable, names
from kscaffold.spec.graph.operations import operation_shape
from kscaffold.spec.graph.value import Graph, Layer, Node, Step, Target
from kscaffold.spec.language.sizes import evaluate_size
from kscaffold.spec.shapes.inference import RECURRENT, Inferred, infer
from kscaffold.spec.shapes.shape import Shape

# The arguments of layers that become the last size of their output.
LAST_SIZES = ("units", "filters", "output_dim")
OwnLayers = Callable[[Object, tuple[Shape | None, ...]], Inferred]


@dataclass(frozen=True)
class Shown:
    """A shape for a docstring: its numbers, and the parameter that its last size is."""

    shape: Shape | None
    last: Tree | None = None


@dataclass(frozen=True)
class StepShape:
    """What one call of a step gives.

    Attributes:
        step: The step.
        node: The node that it belongs to.
        shape: The shape of its output, if it has one output and that is known.
        parameters: The number of the weights that it adds, if that is known.
    """

    step: Step
    node: str
    shape: Shape | None
    parameters: int | None


@dataclass(frozen=True)
class GraphShapes:
    """What is known of one graph.

    Attributes:
        values: The shape of each value, without the batch axis.
        lasts: The last size of a value, where it is a parameter.
        parameters: How many parameters all its layers have.
        steps: Each step once, in order.
    """

    values: Mapping[str, Shape | None]
    lasts: Mapping[str, Tree | None]
    parameters: int | None
    steps: tuple[StepShape, ...] = ()

    def shown(self, value: str) -> Shown:
        """A value's shape for a docstring."""
        return Shown(self.values.get(value), self.lasts.get(value))


@dataclass
class ShapeFacts:
    """What is known of a graph and its sub-models."""

    by_name: dict[str, GraphShapes] = field(default_factory=dict)

    def of(self, graph: Graph) -> GraphShapes:
        """What is known of one of them; of a block, which takes what it is given, nothing."""
        return self.by_name.get(graph.name, GraphShapes({}, {}, None))


def infer_shapes(graph: Graph, own_layers: OwnLayers) -> ShapeFacts:
    """Follows the shapes through a graph, for the defaults of its parameters.

    Args:
        graph: The main graph.
        own_layers: Says what a layer class that the module defines itself makes of shapes.

    Raises:
        RequestError: A call that Keras would refuse; names its place.
    """
    facts = ShapeFacts()
    _Flow(graph, facts, own_layers, default_values(graph)).model()
    return facts


def default_values(graph: Graph) -> dict[str, object]:
    """The defaults of the parameters of a graph, by name."""
    return {item.name: _value(item.default, {}) for item in graph.parameters if item.default is not None}


def fixed_shape(graph: Graph, name: str) -> Shape:
    """The shape of an input for the defaults of the parameters."""
    values = default_values(graph)
    shape = next(item.shape for item in graph.inputs if item.name == name)
    return tuple(None if size is None else evaluate_size(size, values) for size in shape or ())


def shape_text(shown: Shown, batch_size: int | None = None) -> str:
    """A shape as a docstring says it: `(batch_size, 16)`."""
    batch = str(batch_size or "batch_size")
    if shown.shape is None:
        return f"`({batch}, ...)`"
    sizes = [str(size) for size in shown.shape]
    if shown.last is not None and sizes:
        sizes[-1] = show(shown.last)
    return f"`({', '.join([batch, *sizes])}{'' if sizes else ','})`"


def described_inputs(graph: Graph, shapes: GraphShapes) -> tuple[tuple[str, str], ...]:
    """Name and shape of each input, as a docstring says them."""
    return tuple(
        (
            item.name,
            shape_text(shapes.shown(item.name), item.batch_size)
            + ("" if item.dtype == "float32" else f", {item.dtype}"),
        )
        for item in graph.inputs
    )


def described_outputs(graph: Graph, shapes: GraphShapes) -> tuple[tuple[str, str], ...]:
    """Name and shape of each output, as a docstring says them."""
    batch = next((item.batch_size for item in graph.inputs if item.batch_size), None)
    return tuple((item.name, shape_text(shapes.shown(item.value), batch)) for item in graph.outputs)


def repetitions(step: Step, values: Mapping[str, object]) -> int:
    """How often a step is called.

    Raises:
        RequestError: A parameter says so, and is not positive.
    """
    count = values.get(step.repeat, 1) if isinstance(step.repeat, str) else step.repeat
    if not isinstance(count, int) or count < 1:
        raise RequestError(f"{step.repeat} is {count}, which repeats nothing.", where=str(step.place))
    return count


def _value(expression: Tree | None, values: Mapping[str, object]) -> object:
    match expression:
        case Plain(value=value):
            return value
        case Variable(name=word):
            return values.get(word)
        case Listing(items=items):
            return tuple(_value(item, values) for item in items)
        case Arithmetic():
            return evaluate_size(expression, values)
    return None


class _Flow:
    """Shapes through one graph."""

    def __init__(self, graph: Graph, facts: ShapeFacts, own_layers: OwnLayers, values: Mapping[str, object]) -> None:
        self.graph = graph
        self.facts = facts
        self.own_layers = own_layers
        self.values = values
        self.counted: set[str] = set()
        self.total: int | None = 0

    def model(self) -> GraphShapes:
        """A model, whose inputs say their shapes; known from then on."""
        if self.graph.name not in self.facts.by_name:
            shapes = {
                item.name: tuple(
                    None if size is None else evaluate_size(size, self.values) for size in item.shape or ()
                )
                for item in self.graph.inputs
            }
            self.facts.by_name[self.graph.name] = self.follow(shapes)
        return self.facts.by_name[self.graph.name]

    def follow(self, inputs: Mapping[str, Shape | None]) -> GraphShapes:
        """All values, from the shapes of the inputs."""
        shapes: dict[str, Shape | None] = dict(inputs)
        lasts: dict[str, Tree | None] = {}
        steps: list[StepShape] = []
        for item in self.graph.inputs:
            last = item.shape[-1] if item.shape else None
            lasts[item.name] = last if last is not None and names(last) else None
        for node in self.graph.nodes:
            current = tuple(shapes[value] for value in node.start)
            last = lasts.get(node.start[0]) if len(node.start) == 1 else None
            made: tuple[Shape | None, ...] = ()
            taken: tuple[Shape | None, ...] = ()
            ends: tuple[Tree | None, ...] = (last,)
            for step in node.steps:
                before, taken = self.total, current
                for _ in range(repetitions(step, self.values)):
                    made, ends = self.call(step, current, last, shapes)
                    current, last = made, ends[0]
                added = None if self.total is None or before is None else self.total - before
                steps.append(StepShape(step, node.name, made[0] if len(made) == 1 else None, added))
            if node.parts:
                made = self.several(node, taken)
                ends = (None,) * len(made)
            for value, shape, end in zip(self.graph.values_of(node), made, ends):
                shapes[value], lasts[value] = shape, end
        return GraphShapes(shapes, lasts, self.total, tuple(steps))

    def call(
        self,
        step: Step,
        given: tuple[Shape | None, ...],
        last: Tree | None,
        shapes: Mapping[str, Shape | None],
    ) -> tuple[tuple[Shape | None, ...], tuple[Tree | None, ...]]:
        """One call: the shapes that it gives, and their last sizes where those are parameters."""
        if step.target is Target.OPERATION:
            return (operation_shape(step, given, shapes, self.values),), (None,)
        layer = self.graph.layer_of(step)
        if layer is None:
            return self.call_graph(step, given)
        models = self.graph.models_in(layer)
        inner = [_Flow(model, self.facts, self.own_layers, self.values).model() for model in models]
        given += tuple(shapes.get(item.name) if isinstance(item, Value) else None for item in step.passed.arguments)
        try:
            own = layer.call.own
            inferred = self.own_layers(layer.call, given) if own else infer(layer.call, given, self.values)
        except RequestError as error:
            raise error.at(str(step.place)) from None
        if models:
            inferred = _around(layer, models, inner, given)
        if step.target is not Target.SHARED or step.name not in self.counted:
            self.count(inferred.parameters)
        self.counted.add(step.name)
        if dict(step.passed.keywords).get("return_attention_scores") is not None:
            return (None,), (None,)
        return (inferred.shape,), (last_size(layer, last),)

    def several(self, node: Node, given: tuple[Shape | None, ...]) -> tuple[Shape | None, ...]:
        """The shapes of the values of a recurrent layer that gives its states too; nothing of other layers."""
        layer = self.graph.layer_of(node.steps[-1])
        unknown = (None,) * len(node.parts)
        if layer is None or layer.class_name not in RECURRENT:
            return unknown
        keywords = tuple(pair for pair in layer.call.keywords if pair[0] != "return_state")
        output = infer(replace(layer.call, keywords=keywords), given[:1], self.values).shape
        return unknown if output is None else (output, *(output[-1:] for _ in node.parts[1:]))

    def call_graph(
        self, step: Step, given: tuple[Shape | None, ...]
    ) -> tuple[tuple[Shape | None, ...], tuple[Tree | None, ...]]:
        """A call of a sub-model or a block."""
        graph = self.graph.subgraph(step)
        if step.target is Target.BLOCK:
            own = {key: _value(value, self.values) for key, value in step.arguments}
            inherited = {key: value for key, value in self.values.items() if key not in graph.own_parameters}
            defaults = {key: value for key, value in default_values(graph).items() if key not in inherited}
            flow = _Flow(graph, self.facts, self.own_layers, {**defaults, **inherited, **own})
            found = flow.follow(dict(zip((item.name for item in graph.inputs), given)))
            self.count(found.parameters)
            return tuple(found.values[output.value] for output in graph.outputs), (None,) * len(graph.outputs)
        found = _Flow(graph, self.facts, self.own_layers, self.values).model()
        for item, shape in zip(graph.inputs, given):
            declared = found.values[item.name]
            if shape is not None and declared is not None and not _fits(declared, shape):
                raise RequestError(
                    f"{graph.name!r} takes {_shown(declared)} for {item.name!r}, but is given {_shown(shape)}.",
                    where=str(step.place),
                )
        if step.name not in self.counted:
            self.count(found.parameters)
        self.counted.add(step.name)
        return (
            tuple(found.values[output.value] for output in graph.outputs),
            tuple(found.lasts.get(output.value) for output in graph.outputs),
        )

    def count(self, parameters: int | None) -> None:
        """Adds to the number of parameters."""
        self.total = None if self.total is None or parameters is None else self.total + parameters


def last_size(layer: Layer, before: Tree | None) -> Tree | None:
    """The last size of a layer's output, where it is a parameter."""
    if layer.signature is None:
        return None
    given = dict(layer.call.keywords)
    for key in LAST_SIZES:
        if key in given:
            return given[key] if names(given[key]) else None
    return before if layer.signature.keeps_shape and not layer.signature.merges else None


def _around(
    layer: Layer, models: tuple[Graph, ...], inner: list[GraphShapes], given: tuple[Shape | None, ...]
) -> Inferred:
    """What a layer makes of its input by a model: known where it calls that for each step."""
    (model, *others), (shapes, *_) = models, inner
    output = shapes.values.get(model.outputs[0].value)
    if layer.class_name != "TimeDistributed" or others or len(model.outputs) > 1 or len(given) != 1:
        return Inferred(None, None)
    known = given[0] and output is not None
    return Inferred((given[0][0], *output) if known and given[0] and output is not None else None, shapes.parameters)


def _fits(declared: Shape, shape: Shape) -> bool:
    pairs = zip(declared, shape)
    return len(declared) == len(shape) and all(one is None or two is None or one == two for one, two in pairs)


def _shown(shape: Shape) -> str:
    return str((None, *shape))
