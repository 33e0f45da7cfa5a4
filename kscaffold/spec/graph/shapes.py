"""The shapes of the values of a graph and the number of its parameters, as far as they are known without Keras."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from kscaffold.base.place import located
from kscaffold.program.text import show
from kscaffold.program.tree import (
    NONE,
    Arithmetic,
    Listing,
    Object,
    Part,
    Plain,
    Tree,
    Value,
    Variable,
    names,
    transform,
)
from kscaffold.spec.graph.operations import constant_shape, operation_shape
from kscaffold.spec.graph.rounds import values_of_rounds
from kscaffold.spec.graph.value import Graph, Node, Step, Target, signature_of
from kscaffold.spec.language.syntax import Rounds
from kscaffold.spec.shapes.inference import RECURRENT, infer
from kscaffold.spec.shapes.rules import Inferred
from kscaffold.spec.shapes.shape import Shape, evaluate, evaluate_size, show_shape

# The arguments of layers that become the last size of their output.
LAST_SIZES = ("units", "filters", "output_dim")
Shapes = tuple[Shape | None, ...]
Ends: TypeAlias = "tuple[Tree | None, ...]"
OwnLayers = Callable[[Object, Shapes], Inferred]  # what a class that the module defines itself makes of shapes


@dataclass(frozen=True)
class StepShape:
    """What a step gives: the shape of its one output and the number of the weights that it adds, if they are known."""

    step: Step
    shape: Shape | None
    parameters: int | None


@dataclass(frozen=True)
class GraphShapes:
    """What is known of one graph."""

    values: Mapping[str, Shape | None]  # without the batch axis
    lasts: Mapping[str, Tree | None]  # the last size of a value, where it is a parameter
    parameters: int | None  # how many numbers the weights of all its layers have
    layers: Mapping[str, int] = field(default_factory=dict)  # of each class, with those of its sub-models and blocks
    steps: tuple[StepShape, ...] = ()

    def text(self, value: str, batch_size: int | None = None) -> str:
        """The shape of a value as a docstring says it: `(batch_size, 16)`."""
        shape, last = self.values.get(value), self.lasts.get(value)
        sizes = ["..."] if shape is None else [str(size) for size in shape]
        if shape and last is not None:
            sizes[-1] = show(last)
        return f"`({', '.join([str(batch_size or 'batch_size'), *sizes])}{'' if sizes else ','})`"


@dataclass
class ShapeFacts:
    """What is known of a graph and its sub-models."""

    by_name: dict[str, GraphShapes] = field(default_factory=dict)

    def of(self, graph: Graph) -> GraphShapes:
        """What is known of one of them; of a block, which takes what it is given, nothing."""
        return self.by_name.get(graph.name, GraphShapes({}, {}, None))


def infer_shapes(graph: Graph, own_layers: OwnLayers) -> ShapeFacts:
    """Follows the shapes through a graph, for the defaults of its parameters.

    Raises:
        RequestError: A call that Keras would refuse; names its place.
    """
    facts = ShapeFacts()
    _Flow(graph, facts, own_layers, default_values(graph)).model()
    return facts


def default_values(graph: Graph) -> dict[str, object]:
    """The defaults of the parameters of a graph, by name."""
    return {item.name: evaluate(item.default, {}) for item in graph.parameters if item.default is not None}


def described(graph: Graph, shapes: GraphShapes) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Name and shape of each input, and of each output, as a docstring says them."""
    batch = next((item.batch_size for item in graph.inputs if item.batch_size), None)
    inputs = tuple(
        (item.name, shapes.text(item.name, item.batch_size) + ("" if item.dtype == "float32" else f", {item.dtype}"))
        for item in graph.inputs
    )
    return inputs, tuple((item.name, shapes.text(item.value, batch)) for item in graph.outputs)


class _Flow:
    def __init__(self, graph: Graph, facts: ShapeFacts, own_layers: OwnLayers, values: Mapping[str, object]) -> None:
        self.graph = graph
        self.facts = facts
        self.own_layers = own_layers
        self.values = values
        self.shapes: dict[str, Shape | None] = {}
        self.lasts: dict[str, Tree | None] = {}
        self.constants: dict[str, Shape | None] = dict(graph.given)  # what has no batch axis
        self.counted: set[str] = set()
        self.total: int | None = 0
        self.layers: Counter[str] = Counter()

    def model(self) -> GraphShapes:
        """A model, whose inputs say their shapes; known from then on."""
        if self.graph.name not in self.facts.by_name:
            sizes = ([evaluate_size(size or NONE, self.values) for size in item.sizes] for item in self.graph.inputs)
            self.facts.by_name[self.graph.name] = self.follow(map(tuple, sizes))
        return self.facts.by_name[self.graph.name]

    def follow(self, inputs: Iterable[Shape | None]) -> GraphShapes:
        """All values, from the shapes of the inputs."""
        steps: list[StepShape] = []
        for item, shape in zip(self.graph.inputs, inputs):
            self.shapes[item.name], self.lasts[item.name] = shape, _parameter(item.sizes[-1] if item.sizes else None)
        self.shapes |= dict.fromkeys(dict(self.graph.given))
        self.lasts |= dict.fromkeys(dict(self.graph.given))
        lists: dict[str, list[Shape | None]] = {}  # what rounds gave, and others have not taken yet
        for node in self.graph.nodes:
            given = made = tuple(self.shapes[value] for value in node.start)
            ends: Ends = (self.lasts[node.start[0]] if len(node.start) == 1 else None,)
            for step in node.steps:
                before, given = self.total, made
                if step.repeated:
                    made, ends = self.repeat(node, step, made, ends[0], lists)
                else:
                    made, ends = self.call(step, made, ends[0])
                added = None if self.total is None or before is None else self.total - before
                steps.append(StepShape(step, made[0] if len(made) == 1 else None, added))
            if node.parts:
                made, ends = self.several(node, given), (None,) * node.parts
            if self.is_constant(node):
                self.constants[node.name] = constant_shape(node.steps[0], node.start, self.constants, self.values)
            for value, shape, end in zip(self.graph.values_of(node), made, ends):
                self.shapes[value], self.lasts[value] = shape, end
        return GraphShapes(self.shapes, self.lasts, self.total, self.layers, tuple(steps))

    def is_constant(self, node: Node) -> bool:
        """Whether a node is one operation of constants, or of nothing."""
        step, *others = node.steps
        return not others and step.target is Target.OPERATION and all(value in self.constants for value in node.needs)

    def repeat(
        self, node: Node, step: Step, given: Shapes, last: Tree | None, lists: dict[str, list[Shape | None]]
    ) -> tuple[Shapes, Ends]:
        """Calls one after the other, each of which takes what the one before gave first."""
        outside, made = self.values, given
        ends: Ends = (last,)
        kept: list[Shapes] = []
        try:
            for values in self.rounds(step):
                self.values = {**outside, **values}
                others = zip(node.start[1:], given[1:])
                taken = [self.take(lists[value], value, step) if value in lists else shape for value, shape in others]
                made, ends = self.call(step, (made[0], *taken), ends[0])
                kept.append(made[1:])
        finally:
            self.values = outside
        for value, shapes in zip(self.graph.values_of(node)[1:], zip(*kept)):
            lists[value] = list(shapes)
        known = names(ends[0]) & step.variables if ends[0] is not None else ()
        return made, (None if known else ends[0], *ends[1:])

    def take(self, shapes: list[Shape | None], value: str, step: Step) -> Shape | None:
        """The last shape of a list."""
        if not shapes:
            raise step.place.error(f"{value!r} has been taken to the end.", "There are more rounds than gave it.")
        return shapes.pop()

    def rounds(self, step: Step) -> list[dict[str, object]]:
        """What the variables of a repetition stand for in each round."""
        if isinstance(step.repeat, Rounds):
            return values_of_rounds(step.repeat, self.values, step.place) or [{}]
        count = self.values.get(step.repeat, 1) if isinstance(step.repeat, str) else step.repeat
        if not isinstance(count, int) or count < 1:
            raise step.place.error(f"{step.repeat} is {count}, which repeats nothing.")
        return [{} for _ in range(count)]

    def call(self, step: Step, given: Shapes, last: Tree | None) -> tuple[Shapes, Ends]:
        """One call: the shapes that it gives, and their last sizes where those are parameters."""
        layer, part = self.graph.layer_of(step), self.graph.part_of(step)
        if part:
            return self.call_block(step, part, given) if part.is_block else self.call_model(step, part, given)
        if layer is None:
            with located(step.place):
                return (operation_shape(step, given, self.shapes, self.values, self.constants),), (None,)
        passed = (item.name if isinstance(item, Value) else "" for item in step.passed.arguments)
        given += tuple(map(self.shapes.get, passed))
        with located(step.place):
            inferred = self.own_layers(self.settled(layer), given) if layer.own else infer(layer, given, self.values)
        if models := self.graph.models_in(layer):
            inferred = self.around(layer, models, given)
        if step.target is not Target.SHARED or step.name not in self.counted:
            self.count(inferred.parameters, {layer.class_name: 1})
        self.counted.add(step.name)
        passed_by_name = dict(step.passed.keywords)
        if passed_by_name.get("return_attention_scores") is not None:
            return (None,), (None,)
        if "reverse" in passed_by_name:
            return self.reversed(layer, passed_by_name["reverse"], given[0]), (None,)
        return (inferred.shape,), (last_size(layer, last),)

    def reversed(self, layer: Object, said: Tree, given: Shape | None) -> Shapes:
        """What an embedding gives that is called the other way: a number for each id."""
        count = evaluate_size(dict(layer.keywords).get("input_dim", NONE), self.values)
        return ((*given[:-1], count) if given and count and said == Plain(True) else None,)

    def settled(self, layer: Object) -> Object:
        """What makes a layer, with the values of parameters in their place."""

        def change(part: Tree) -> Tree | None:
            if not isinstance(part, Variable | Arithmetic | Part):
                return None
            return literal_tree(evaluate(part, self.values)) or part

        made = transform(layer, change)
        assert isinstance(made, Object)
        return made

    def around(self, layer: Object, models: tuple[Graph, ...], given: Shapes) -> Inferred:
        """What a layer makes of its input by models: known where it calls one for each step."""
        found = [self.counted_model(model) for model in models]
        outputs = models[0].outputs
        if layer.class_name != "TimeDistributed" or len(models) > 1 or len(outputs) > 1 or len(given) != 1:
            return Inferred(None, None)
        output = found[0].values[outputs[0].value]
        return Inferred((given[0][0], *output) if given[0] and output is not None else None, 0)

    def several(self, node: Node, given: Shapes) -> Shapes:
        """The shapes of the values of a recurrent layer that gives its states too; nothing of other layers."""
        layer = self.graph.layer_of(node.steps[-1])
        unknown = (None,) * node.parts
        if layer is None or layer.class_name not in RECURRENT:
            return unknown
        keywords = tuple(pair for pair in layer.keywords if pair[0] != "return_state")
        output = infer(replace(layer, keywords=keywords), given[:1], self.values).shape
        return unknown if output is None else (output, *(output[-1:] for _ in range(node.parts - 1)))

    def call_block(self, step: Step, block: Graph, given: Shapes) -> tuple[Shapes, Ends]:
        """A call of a block, which makes new layers."""
        with located(step.place):
            own = {key: evaluate(value, self.values) for key, value in step.passed.keywords}
        inherited = {key: value for key, value in self.values.items() if key not in block.own_parameters}
        flow = _Flow(block, self.facts, self.own_layers, {**default_values(block), **inherited, **own})
        found = flow.follow(given)
        self.count(found.parameters, found.layers)
        return tuple(found.values[output.value] for output in block.outputs), (None,) * len(block.outputs)

    def call_model(self, step: Step, model: Graph, given: Shapes) -> tuple[Shapes, Ends]:
        found = self.counted_model(model)
        for item, shape in zip(model.inputs, given):
            declared = found.values[item.name]
            if shape is not None and declared is not None and not _fits(declared, shape):
                takes = f"{model.name!r} takes {show_shape(declared)} for {item.name!r}"
                raise step.place.error(f"{takes}, but is given {show_shape(shape)}.")
        if given != tuple(found.values[item.name] for item in model.inputs) and None not in given:
            # Sizes that the model leaves open are known here.
            found = _Flow(model, self.facts, self.own_layers, self.values).follow(given)
        values = [output.value for output in model.outputs]
        return tuple(found.values[value] for value in values), tuple(found.lasts.get(value) for value in values)

    def counted_model(self, model: Graph) -> GraphShapes:
        """What is known of a sub-model, whose layers are counted once."""
        found = _Flow(model, self.facts, self.own_layers, self.values).model()
        if model.name not in self.counted:
            self.count(found.parameters, found.layers)
        self.counted.add(model.name)
        return found

    def count(self, parameters: int | None, layers: Mapping[str, int]) -> None:
        self.total = None if self.total is None or parameters is None else self.total + parameters
        self.layers.update(layers)


def last_size(layer: Object, before: Tree | None) -> Tree | None:
    """The last size of a layer's output, where it is a parameter."""
    signature = signature_of(layer)
    if signature is None:
        return None
    for key, value in layer.keywords:
        if key in LAST_SIZES:
            return _parameter(value)
    return before if signature.keeps_shape and not signature.merges else None


def _parameter(size: Tree | None) -> Tree | None:
    """A size that a parameter decides."""
    return size if size is not None and names(size) else None


def literal_tree(value: object) -> Tree | None:
    """A value as the tree that is its literal; `None` for what is not known."""
    if isinstance(value, tuple):
        items = tuple(map(literal_tree, value))
        return Listing("()", tuple(item for item in items if item)) if all(items) else None
    return Plain(value) if isinstance(value, bool | int | float | str) else None


def _fits(declared: Shape, shape: Shape) -> bool:
    pairs = zip(declared, shape)
    return len(declared) == len(shape) and all(one is None or two is None or one == two for one, two in pairs)
