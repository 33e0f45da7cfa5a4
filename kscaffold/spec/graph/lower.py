"""From a graph to the program that it becomes: one way from a spec to code, in whatever style."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from kscaffold.base.choices import Style
from kscaffold.base.place import Place
from kscaffold.program.operators import with_operators
from kscaffold.program.ranges import times
from kscaffold.program.text import show
from kscaffold.program.tree import (
    Code,
    Listing,
    Object,
    Plain,
    Popped,
    Ref,
    Table,
    Text,
    Tree,
    Value,
    Variable,
    transform,
    values,
)
from kscaffold.program.value import Cut, Described, Input, Model, Parameter, Program, Routine, Step, StepKind
from kscaffold.spec.graph import value as graphs
from kscaffold.spec.graph.cuts import absorb_cuts, inputs_of_cut, without_input_sizes
from kscaffold.spec.graph.family import FLAGS
from kscaffold.spec.graph.layer_names import LayerNames
from kscaffold.spec.graph.shapes import GraphShapes, ShapeFacts, described
from kscaffold.spec.graph.value import NOTHING, Form, Graph, Node, Target, every_graph, signature_of
from kscaffold.spec.language.chain import OF_LAYER
from kscaffold.spec.language.syntax import Rounds

Paths = tuple[tuple[int | str, ...], ...]


def lower(graph: Graph, facts: ShapeFacts, style: Style, deferred: bool = False, typed: bool = False) -> Program:
    """The program that a graph becomes in a style.

    Args:
        deferred: Whether a sequential model is left to be built later, for an input that is not known yet.
        typed: See `with_operators`.

    Raises:
        RequestError: The style cannot hold the graph; names the place.
    """
    chains = every_graph(graph) if style is Style.SEQUENTIAL else ()
    for reason, place in (problem for part in chains for problem in _forks(part)):
        raise place.error(f"A sequential model is a chain, but {reason}.", "Use --style functional or subclassed.")
    whole = graph
    if style is Style.SUBCLASSED:
        for step in (step for part in every_graph(graph) for step in part.steps):
            if step.target is Target.MODEL and "mask" in dict(step.passed.keywords):
                raise step.place.error(f"The class of {step.name!r} takes no mask.", "Use --style functional.")
        graph = without_input_sizes(absorb_cuts(graph))
    counter = iter(range(1, 10**9))
    # The values of what is cut out keep their names.
    shapes = {part.name: facts.by_name.get(part.name, facts.of(graph)) for part in every_graph(graph)}
    parts = [_Lowering(part, shapes[part.name], style, counter) for part in every_graph(graph)]
    routines = [part.routine(deferred and part.graph is graph) for part in parts]
    for cut in graph.cuts:
        takes = inputs_of_cut(cut, whole, facts.of(whole)) if style is Style.SUBCLASSED else ()
        routines.append(parts[-1].cut(cut, takes))
    return with_operators(Program(tuple(routines)), typed)


def builder_name(graph: Graph) -> str:
    """The function that builds a model."""
    return f"build_{graph.name}"


class _Lowering:
    """One graph of a spec as a routine; `counter` gives numbers to steps."""

    def __init__(self, graph: Graph, shapes: GraphShapes, style: Style, counter: Iterator[int]) -> None:
        self.graph = graph
        self.shapes = shapes
        self.style = style
        self.counter = counter
        self.inputs = [Ref(-1 - place) for place in range(len(graph.inputs))]
        self.values: dict[str, Tree] = dict(zip((item.name for item in graph.inputs), self.inputs))
        self.values |= {name: Code(name if name in FLAGS else f"{OF_LAYER}{name}") for name, _ in graph.given}
        self.names = LayerNames(graph)
        self.lists: set[Tree] = set()  # the values that are lists of what each round of a loop gave
        self.listed = style is Style.SEQUENTIAL
        # In a list, a block is a small Sequential; elsewhere it is a function that applies layers.
        self.applies = graph.is_block and not self.listed

    def routine(self, deferred: bool) -> Routine:
        """The function that builds the model, or applies the block."""
        graph = self.graph
        if self.style is not Style.SUBCLASSED and not graph.is_block:
            self.names.demand_free()
        layers = [] if self.listed else self.with_variables()
        steps = tuple(step for node in graph.nodes for step in self.chain(node))
        outputs = [self.values[output.value] for output in graph.outputs]
        result = _structure(graph.output_form, [output.name for output in graph.outputs], outputs)
        if self.applies and isinstance(result, Listing):
            result = Listing("()", result.items)
        names = tuple(item.name for item in graph.inputs)
        # Blocks are called more than once, and two layers of one name have no place in a model.
        model = Model(
            "" if graph.is_block else graph.name,
            () if deferred or graph.is_block else graph.inputs,
            _structure(graph.input_form, names, self.inputs),
            self.listed,
            graph.frozen,
        )
        return Routine(
            graph.name if graph.is_block else builder_name(graph),
            len(graph.inputs),
            tuple(Parameter(item.name, item.default, item) for item in graph.parameters),
            steps,
            result,
            None if self.applies else model,
            tuple((name, made) for name, made, _ in layers),
            input_names=names if self.applies else (),
            # A block takes what it is given.
            described=Described(graph.summary, *(() if graph.is_block else described(graph, self.shapes))),
            places=tuple((name, place) for name, _, place in layers if place is not None),
        )

    def cut(self, cut: graphs.Cut, takes: tuple[Input, ...]) -> Routine:
        """The function that cuts a model out of this one; it takes inputs where its layers are called once more."""
        inputs, outputs = (tuple(map(self.names.of_value, values)) for values in (cut.inputs, cut.outputs))
        starts, ends = (tuple(map(self.ref, values)) for values in (cut.inputs, cut.outputs))
        made = Cut(cut.name, builder_name(self.graph), inputs, outputs, cut.place, starts, ends, takes)
        return Routine(f"build_{cut.name}", 1, (), (), Listing("()", ()), cut=made)

    def ref(self, value: str) -> Ref:
        """The number of a value."""
        found = self.values[value]
        assert isinstance(found, Ref)
        return found

    def with_variables(self) -> list[tuple[str, Tree, Place | None]]:
        """The layers and models that have a variable, each behind those that it needs."""
        shared = self.graph.shared
        listed = [(item.name, self.layer(item.layer, self.names.shared(item.name)), item.place) for item in shared]
        models = [(part.name, self.part(part, {}), None) for part in self.graph.models if not self.is_inside(part)]
        return [*models, *listed] if any(self.graph.models_in(item.layer) for item in shared) else [*listed, *models]

    def is_inside(self, model: Graph) -> bool:
        """Whether a model needs no variable, because one layer has it and nothing else calls it."""
        if self.style is Style.FUNCTIONAL:
            return False
        inside = [name for layer in self.graph.layers for name in values(layer)]
        called = {step.name for step in self.graph.steps if step.target is Target.MODEL}
        return inside.count(model.name) == 1 and model.name not in called

    def part(self, part: Graph, given: Mapping[str, Tree]) -> Object:
        """What makes a sub-model, or a block in a list."""
        return Object(f":{part.name if part.is_block else builder_name(part)}", self.passed(part, given))

    def passed(self, part: Graph, given: Mapping[str, Tree]) -> tuple[tuple[str, Tree], ...]:
        """What the function of a sub-graph is given: its own parameters, then those that are passed on."""
        own = {item.name: given[item.name] for item in part.parameters if item.name in given}
        inherited = {item.name: Variable(item.name) for item in part.parameters if item.name not in part.own_parameters}
        return tuple({**own, **inherited}.items())

    def layer(self, layer: Object, name: str | None = None) -> Object:
        """What makes a layer, with a name where it has to have one."""
        made = transform(layer, self.inner_model)
        assert isinstance(made, Object)
        if name is None or "name" in dict(made.keywords):
            return made
        return replace(made, keywords=(*made.keywords, ("name", Text((name,)))))

    def inner_model(self, part: Tree) -> Tree | None:
        """A model among the arguments of a layer: its variable, or what makes it."""
        if not isinstance(part, Value):
            return None
        model = next(item for item in self.graph.models if item.name == part.name)
        return self.part(model, {}) if self.listed or self.is_inside(model) else Variable(part.name)

    def chain(self, node: Node) -> Iterator[Step]:
        """The steps of a node; its values are known from then on."""
        given: list[Tree] = [self.values[value] for value in node.start]
        for place, step in enumerate(node.steps):
            last = step is node.steps[-1]
            outputs = self.outputs(step, node if last else None)
            made = self.step(step, given, outputs, self.names.of_step(node, place))
            yield self.named(node, made) if last else made
            given = [Ref(made.uid, outputs[0] if outputs else ())]

    def outputs(self, step: graphs.Step, node: Node | None) -> Paths:
        """Where the values are in what a step gives, and the node that it ends."""
        part = self.graph.part_of(step)
        if node is not None and node.parts:
            return tuple((number,) for number in range(node.parts)) if node.complete else ()
        if part is None or (len(part.outputs) == 1 and (part.is_block or part.output_form is Form.ONE)):
            return ((),)
        by_name = part.output_form is Form.DICT
        return tuple((output.name if by_name else place,) for place, output in enumerate(part.outputs))

    def named(self, node: Node, step: Step) -> Step:
        """The last step of a node, with the names of its values."""
        made = self.graph.values_of(node)
        paths = step.outputs or tuple((number,) for number in range(node.parts))
        if step.kept:
            paths = ((), *((key,) for key, _ in step.kept))
            self.lists |= {Ref(step.uid, path) for path in paths[1:]}
        self.values |= {name: Ref(step.uid, path) for name, path in zip(made, paths)}
        if node.hidden:
            # In a class the variable of a layer is an attribute, so what it gives may have its name.
            has_name = self.style is Style.SUBCLASSED and node.steps[-1].target is Target.SHARED
            return replace(step, names=(node.steps[-1].name,)) if has_name and not node.parts else step
        if step.kept:
            return replace(step, names=(node.name,))
        in_one = not step.outputs or (len(made) > 1 and any(isinstance(path[0], str) for path in step.outputs))
        variables = [node.name] if in_one or node.parts else list(made)
        if node.parts and not in_one:  # `lstm, lstm_1, lstm_2`, as the spec counts them
            variables += made[1:]
        return replace(step, names=tuple(name.replace(".", "_") for name in variables))

    def step(self, step: graphs.Step, given: list[Tree], outputs: Paths, name: str | None) -> Step:
        """One call; what is repeated is a loop over it."""
        if not step.repeated:
            return self.call(step, given, outputs, name)
        number = next(self.counter)
        others = [Popped(tree) if tree in self.lists else tree for tree in given[1:]]
        body = self.call(step, [Ref(number), *others], outputs, None)
        if isinstance(step.repeat, Rounds):
            rounds, variables = step.repeat.over, step.repeat.variables
        else:
            count = Variable(step.repeat) if isinstance(step.repeat, str) else Plain(step.repeat)
            rounds, variables = times(count), ("_",)
        loop = Step(number, StepKind.LOOP, rounds, (given[0],), variables=variables, place=step.place)
        part = self.graph.part_of(step)
        kept = tuple((item.name, Ref(body.uid, path)) for item, path in zip(part.outputs, outputs)) if part else ()
        return replace(loop, body=(body,), result=Ref(body.uid, outputs[0]), kept=kept[1:])

    def call(self, step: graphs.Step, given: list[Tree], outputs: Paths, name: str | None) -> Step:
        """One call of a layer, a model, a block or an operation."""
        args = (*self.arguments(step, given), *map(self.moved, step.passed.arguments))
        kwargs = tuple((key, self.moved(item)) for key, item in step.passed.keywords)
        callee = self.callee(step, name)
        kind = StepKind.LAYER if isinstance(callee, Object) else StepKind.NAMED
        if step.target is Target.OPERATION:
            kind = StepKind.OPERATION
            if step.part:
                args = (self.moved(step.part.of), self.moved(step.part.index))
        elif (part := self.graph.part_of(step)) and part.is_block:
            # In a list, a block is a layer that is made with its parameters.
            kind = StepKind.LAYER if self.listed else StepKind.INVOKE
            kwargs = () if self.listed else self.passed(part, dict(step.passed.keywords))
        return Step(next(self.counter), kind, callee, args, kwargs, outputs, place=step.place)

    def callee(self, step: graphs.Step, name: str | None) -> Tree:
        """What a step calls: what makes a layer, or a name."""
        layer, part = self.graph.layer_of(step), self.graph.part_of(step)
        if self.listed and part is not None:
            return self.part(part, dict(step.passed.keywords))
        if layer is not None and (self.listed or step.layer):
            return self.layer(layer, name if step.layer else self.names.shared(step.name))
        return Code("[]" if step.part else step.name)

    def arguments(self, step: graphs.Step, given: list[Tree]) -> tuple[Tree, ...]:
        """The values that a call is given: one, several in turn, or a list."""
        layer, part = self.graph.layer_of(step), self.graph.part_of(step)
        if step.target in (Target.BLOCK, Target.OPERATION) or not given:
            return tuple(given)
        if part is not None:
            return (_structure(part.input_form, [item.name for item in part.inputs], given),)
        assert layer is not None
        if len(given) == 1 and step.passed.arguments:
            return (given[0],)
        signature = signature_of(layer)
        if signature and not signature.merges and signature.inputs > 1:
            return tuple(given * signature.inputs if len(given) == 1 else given)
        return (given[0],) if len(given) == 1 else (Listing("[]", tuple(given)),)

    def moved(self, tree: Tree) -> Tree:
        """A tree in which values are known by their numbers."""
        return transform(tree, lambda part: self.values[part.name] if isinstance(part, Value) else None)


def _structure(form: Form, names: Sequence[str], items: Sequence[Tree]) -> Tree:
    """How values are taken or given: one, a list, a dictionary."""
    if form is Form.ONE:
        return items[0]
    return Table(tuple(zip(names, items))) if form is Form.DICT else Listing("[]", tuple(items))


def _forks(graph: Graph) -> Iterator[tuple[str, Place]]:
    """Why a graph is not a chain of layers, as a sequential model is, and where."""
    for cut in graph.cuts:
        yield f"{cut.name!r} is cut out of the graph", cut.place
    for form, many, what in ((graph.input_form, graph.inputs, "inputs"), (graph.output_form, graph.outputs, "outputs")):
        if form is Form.DICT or (form is Form.LIST and len(many) == 1):
            yield f"the {what} of {graph.name!r} are a {'dictionary' if form is Form.DICT else 'list'}", graph.place
        if len(many) > 1:
            yield f"{graph.name!r} has {len(many)} {what}", many[1].place or graph.place
    uses = Counter(value for node in graph.nodes for value in node.needs)
    for node in graph.nodes:
        for step in node.steps:
            if step.target is Target.OPERATION:
                what = f"the slice {show(step.part)}" if step.part else f"the operation {step.name}"
                yield f"{graph.name!r} has {what}", step.place
            if step.passed != NOTHING and step.target is not Target.BLOCK:
                how = next((f"with {key}" for key, _ in step.passed.keywords), "with several values")
                yield f"{step.name} is called {how}", step.place
        if node.parts:
            yield f"{node.steps[-1].name} gives several values", node.steps[-1].place
        if len(node.start) > 1:
            yield f"the node {node.name!r} takes {len(node.start)} values", node.place
        if uses[node.start[0]] > 1:
            yield f"the graph forks at {node.start[0]!r}", node.start_place
        for step in node.steps:
            layer = graph.layer_of(step)
            signature = signature_of(layer) if layer else None
            if signature and signature.inputs > 1:
                yield f"{step.name} takes {signature.inputs} values", step.place
    if uses[graph.outputs[0].value]:
        yield f"the graph forks at {graph.outputs[0].value!r}", graph.outputs[0].place
    called: list[tuple[str, Place]] = []
    for step in graph.steps:
        layer = graph.layer_of(step)
        names = [step.name] if step.target in (Target.SHARED, Target.MODEL) else []
        called += [(name, step.place) for name in (*names, *(values(layer) if layer else ()))]
    calls = Counter(name for name, _ in called)
    for name, place in called:
        if calls[name] > 1:
            yield f"{name!r} is called {calls[name]} times", place
