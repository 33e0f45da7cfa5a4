"""A graph of layers as one frozen value, which specs and saved models become and all code comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from kscaffold.base.place import Place
from kscaffold.keras_data import catalogue
from kscaffold.keras_data.catalogue import Signature
from kscaffold.program.argument import Argument
from kscaffold.program.tree import Object, Part, Tree, Variable, names, values
from kscaffold.program.value import Input
from kscaffold.spec.language.syntax import Repeat, Rounds


class Target(StrEnum):
    """What a step calls."""

    LAYER = "layer"
    SHARED = "shared"
    MODEL = "model"
    BLOCK = "block"
    OPERATION = "operation"


class Form(StrEnum):
    """How a model takes its inputs, or gives its outputs."""

    ONE = "one"
    LIST = "list"
    DICT = "dict"


def natural_form(count: int) -> Form:
    """How a model takes or gives so many values where nobody says otherwise."""
    return Form.ONE if count == 1 else Form.LIST


@dataclass(frozen=True)
class SharedLayer:
    """A layer with a name, which several nodes may call: its weights are shared."""

    name: str
    layer: Object
    place: Place


NOTHING = Object("")  # the arguments of a call that has none


@dataclass(frozen=True)
class Step:
    """One call in a chain.

    Attributes:
        name: The name of the shared layer, model or block; for a layer of this step alone, its class; for an operation
            its function, `ops.mean`, or `[]` for a slice.
        layer: For a layer of this step alone, what makes it, its arguments named as Keras names them.
        repeat: How many of them are called, one after the other: a number, the name of a parameter, or one for each of
            some values. Each takes the first value that the one before gave.
        passed: The arguments of the call behind the values that it is given; of a block, its parameters; of a slice,
            what it takes of which value.
    """

    target: Target
    name: str
    place: Place
    layer: Object | None = None
    repeat: Repeat = 1
    passed: Object = NOTHING

    @property
    def part(self) -> Part | None:
        """For a slice, what it takes of which value."""
        first = self.passed.arguments[0] if self.name == "[]" else None
        return first if isinstance(first, Part) else None

    @property
    def reads(self) -> tuple[str, ...]:
        """The values that its arguments name."""
        return tuple(values(self.passed))

    @property
    def repeated(self) -> bool:
        """Whether there may be several of them."""
        return self.repeat != 1

    @property
    def counts(self) -> tuple[Tree, ...]:
        """What says how often it is repeated, if parameters do."""
        if isinstance(self.repeat, Rounds):
            return (self.repeat.over,)
        return (Variable(self.repeat),) if isinstance(self.repeat, str) else ()

    @property
    def variables(self) -> frozenset[str]:
        """The names that its repetition has for what a round is about."""
        return frozenset(self.repeat.variables if isinstance(self.repeat, Rounds) else ())


@dataclass(frozen=True)
class Node:
    """A named value: what a chain of calls makes of other values."""

    name: str
    start: tuple[str, ...]  # what the first step takes; `node.output` for one of several outputs of a model
    steps: tuple[Step, ...]
    place: Place
    start_place: Place
    parts: int = 0  # how many values the last step gives, where they have numbers, `lstm.0`; 0 where they have none
    complete: bool = True  # whether these are all of them
    hidden: bool = False  # whether nobody has named it: it is a part of an expression

    @property
    def needs(self) -> tuple[str, ...]:
        """The values that it is made of."""
        return (*self.start, *(value for step in self.steps for value in step.reads))


@dataclass(frozen=True)
class Output:
    """An output of a graph: a name for a value."""

    name: str
    value: str
    place: Place


@dataclass(frozen=True)
class Cut:
    """A model cut out of a graph, from values to values: it shares the layers between them."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    place: Place


@dataclass(frozen=True)
class OwnClass:
    """A layer class that the module defines itself, made from a layer template."""

    name: str
    template: str
    place: Place


@dataclass(frozen=True)
class Graph:
    """A directed acyclic graph of layers.

    Attributes:
        name: Its name in small letters.
        nodes: The values, each behind those that it needs.
        summary: What it is, in a sentence; empty if nobody said so.
        parameters: What can be set, with its defaults.
        targets: What outputs are trained towards, where the graph does not tell: names of outputs and of targets.
        parts: The blocks, which make new layers at each call, then the sub-models that its nodes call; each behind
            those that it needs itself.
        own_parameters: The parameters that a block has for itself; the others are those of the whole spec.
        frozen: Whether nothing in it is trained.
        given: In the body of a layer, what is there besides the inputs, `training`, `mask` and weights by their names:
            each with its shape, if that is known.
    """

    name: str
    inputs: tuple[Input, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Output, ...]
    summary: str = ""
    parameters: tuple[Argument, ...] = ()
    shared: tuple[SharedLayer, ...] = ()
    targets: tuple[tuple[str, str], ...] = ()
    parts: tuple[Graph, ...] = ()
    cuts: tuple[Cut, ...] = ()
    own_classes: tuple[OwnClass, ...] = ()
    is_block: bool = False
    own_parameters: frozenset[str] = frozenset()
    input_form: Form = Form.ONE
    output_form: Form = Form.ONE
    frozen: bool = False
    given: tuple[tuple[str, tuple[int | None, ...] | None], ...] = ()
    place: Place = field(default_factory=lambda: Place("SPEC"))

    @property
    def models(self) -> tuple[Graph, ...]:
        """The sub-models that its nodes call."""
        return tuple(part for part in self.parts if not part.is_block)

    @property
    def steps(self) -> Iterator[Step]:
        """All calls, in order."""
        return (step for node in self.nodes for step in node.steps)

    @property
    def layers(self) -> tuple[Object, ...]:
        """What makes its layers, each once."""
        return (*(item.layer for item in self.shared), *(step.layer for step in self.steps if step.layer))

    @cached_property
    def makers(self) -> Mapping[str, Node]:
        """The node that makes each value."""
        return {value: node for node in self.nodes for value in self.values_of(node)}

    @property
    def values(self) -> tuple[str, ...]:
        """All values: the inputs, what is given besides, and what nodes make."""
        return (*(item.name for item in self.inputs), *(name for name, _ in self.given), *self.makers)

    @property
    def uses(self) -> frozenset[str]:
        """The names of the parameters that its calls need."""
        used = {item.name for part in self.parts for item in part.parameters if item.name not in part.own_parameters}
        used = used.union(*(names(item.layer) for item in self.shared))
        for step in self.steps:
            made = (step.passed,) if step.layer is None else (step.layer, step.passed)
            used |= set().union(*map(names, made)) - step.variables
            used = used.union(*map(names, step.counts))
        return frozenset(used)

    @property
    def lists(self) -> Mapping[str, Node]:
        """The values that are lists, each with its node: what every round of a repetition gave besides the first."""
        found: dict[str, Node] = {}
        for node in self.nodes:
            if node.steps[-1].repeated:
                found |= dict.fromkeys(self.values_of(node)[1:], node)
        return found

    def layer_of(self, step: Step) -> Object | None:
        """What makes the layer that a step calls, `None` for a model, a block or an operation."""
        if step.target is Target.SHARED:
            return next(item.layer for item in self.shared if item.name == step.name)
        return step.layer

    def part_of(self, step: Step) -> Graph | None:
        """The model or block that a step calls, `None` for a layer or an operation."""
        called = step.target in (Target.MODEL, Target.BLOCK)
        return next((part for part in self.parts if called and part.name == step.name), None)

    def models_in(self, layer: Object) -> tuple[Graph, ...]:
        """The models that are arguments of a layer."""
        named = list(values(layer))
        return tuple(model for model in self.models if model.name in named)

    def values_of(self, node: Node) -> tuple[str, ...]:
        """The names of the values that a node makes: its own, or one for each output of a model or value of a layer."""
        if node.parts:
            return tuple(f"{node.name}.{number}" for number in range(node.parts))
        part = self.part_of(node.steps[-1])
        if part is None or len(part.outputs) == 1:
            return (node.name,)
        return tuple(f"{node.name}.{output.name}" for output in part.outputs)

    def needed_for(self, wanted: Iterable[str], given: Iterable[str] = ()) -> tuple[Node, ...]:
        """The nodes that make some values of others that are given, and of inputs."""
        found: set[str] = set()
        waiting = list(set(wanted) - set(given))
        while waiting:
            maker = self.makers.get(waiting.pop())
            if maker and maker.name not in found:
                found.add(maker.name)
                waiting += set(maker.needs) - set(given)
        return tuple(node for node in self.nodes if node.name in found)


def signature_of(layer: Object) -> Signature | None:
    """What Keras says of the class of a layer, `None` for a custom one."""
    return catalogue.find_class(layer.class_name) if layer.own is None else None


def every_graph(graph: Graph) -> Iterator[Graph]:
    """The sub-models and blocks of a graph, each once and behind those that it needs, then the graph itself."""
    seen: set[str] = set()

    def visit(part: Graph) -> Iterator[Graph]:
        for inner in part.parts:
            if inner.name not in seen:
                seen.add(inner.name)
                yield from visit(inner)
        yield part

    return visit(graph)
