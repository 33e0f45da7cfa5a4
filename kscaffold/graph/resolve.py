"""From a spec as written to a graph: every name is looked up, every call held against what Keras knows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from kscaffold.errors import RequestError, did_you_mean
from kscaffold.graph.chain import Chain, Link, parse_chain, parse_link
from kscaffold.graph.document import GraphText, InputText, ParameterText
from kscaffold.graph.order import sort_by_need
from kscaffold.graph.place import Place, Text
from kscaffold.graph.targets import read_targets
from kscaffold.graph.value import (
    Cut,
    Graph,
    Input,
    Layer,
    Node,
    Output,
    OwnClass,
    SharedLayer,
    Step,
    Target,
    every_graph,
)
from kscaffold.naming import check_attribute_name, check_value_name
from kscaffold.spec import catalogue
from kscaffold.spec.argument import Argument, Kind, parse_argument
from kscaffold.spec.expr import Call, Expression, Literal, Name, names, walk
from kscaffold.spec.syntax import split_list
from kscaffold.spec.weight import Owner, resolve_call

DTYPES = "float32 float16 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string".split()
LARGEST_SIZE = 10**9


def resolve_graph(document: GraphText, name: str, settings: Mapping[str, str]) -> Graph:
    """The graph that a spec describes.

    Args:
        document: The spec as written.
        name: The name of the graph in small letters.
        settings: Values of parameters as typed after `--set`.

    Raises:
        RequestError: Something in it cannot be; names the place.
    """
    flags = document.place.line is None
    adding = "--set {name}=8" if flags else "a line '{name}: 8' below parameters"
    owner = Owner("parameter of this graph", adding)
    arguments = _parameters(document.parameters, {} if flags else settings)
    own_classes = tuple(_own_class(key, value) for key, value in document.layers)
    graph = _Family(document, owner, arguments, own_classes).main(name)
    _refuse_unused(document, graph, arguments)
    return replace(graph, targets=read_targets(document.targets, graph))


def _parameters(written: Iterable[ParameterText], settings: Mapping[str, str]) -> dict[str, Argument]:
    """The parameters by name, with the values that `--set` gives them."""
    arguments: dict[str, Argument] = {}
    for text in written:
        with located(text.argument.place):
            arguments[text.name.value] = _parameter(text)
    for name, value in settings.items():
        where = f"--set {name}={value}"
        if name not in arguments:
            hint = did_you_mean(name, arguments) or (
                f"There are: {', '.join(arguments)}." if arguments else "This spec has no parameters."
            )
            raise RequestError(f"There is no parameter {name!r}.", hint=hint, where=where)
        known = arguments[name]
        try:
            arguments[name] = known.with_default(parse_argument(f"{name}={value}", known.kind))
        except RequestError as error:
            raise error.at(where) from None
    return arguments


def _parameter(text: ParameterText) -> Argument:
    argument = parse_argument(text.argument.value)
    if any(isinstance(part, Call) for part in walk(argument.default or Literal(None))):
        raise RequestError(
            f"The parameter {argument.name!r} is an object.",
            hint="Write the object where it is used, with a number as the parameter: L2(penalty).",
        )
    counts = argument.kind is Kind.INT and isinstance(argument.default, Literal) and not argument.optional
    if counts and not argument.check and not argument.name.endswith(("axis", "seed")):
        argument = argument.must_be_positive()
    return replace(argument, description=text.description) if text.description else argument


def _own_class(key: Text, value: Text) -> OwnClass:
    if not key.value.isidentifier() or not key.value[0].isupper():
        raise RequestError(
            f"{key.value!r} cannot be the name of a class.", hint="For example: Sampling.", where=str(key.place)
        )
    if catalogue.is_layer(key.value):
        raise RequestError(
            f"Keras has a layer {key.value} of its own.", hint=f"For example: My{key.value}.", where=str(key.place)
        )
    return OwnClass(key.value, value.value, value.place)


def _refuse_unused(document: GraphText, graph: Graph, arguments: Mapping[str, Argument]) -> None:
    used = {argument.name for argument in graph.parameters}
    called = {step.layer.class_name for part in every_graph(graph) for step in part.steps if step.layer}
    called |= {item.layer.class_name for part in every_graph(graph) for item in part.shared}
    for text in document.parameters:
        if text.name.value in arguments and text.name.value not in used:
            raise RequestError(
                f"The parameter {text.name.value!r} is not used.", hint="Use it, or leave it out.",
                where=str(text.argument.place),
            )  # fmt: skip
    for item in graph.own_classes:
        if item.name not in called:
            raise RequestError(f"The layer {item.name} is not used.", where=str(item.place))


@contextlib.contextmanager
def located(place: Place) -> Iterator[None]:
    """Gives a place to a `RequestError` that has none."""
    try:
        yield
    except RequestError as error:
        raise error.at(str(place)) from None


class _Family:
    """A graph and its sub-models and blocks, resolved when they are first called."""

    def __init__(
        self,
        document: GraphText,
        owner: Owner,
        arguments: Mapping[str, Argument],
        own_classes: tuple[OwnClass, ...],
    ) -> None:
        self.document = document
        self.owner = owner
        self.arguments = arguments
        self.own_classes = own_classes
        self.models = {name.value: (name, text) for name, text in document.models if not text.is_cut}
        self.cuts = [(name, text) for name, text in document.models if text.is_cut]
        self.blocks = {name.value: (name, text) for name, text in document.blocks}
        self.resolved: dict[str, Graph] = {}
        self.resolving: list[str] = []
        twice = [name for name in self.blocks if name in self.models]
        if twice:
            raise RequestError(f"{twice[0]!r} is a model already.", where=str(self.blocks[twice[0]][0].place))
        for name, _ in (*document.models, *document.blocks):
            _check_callable_name(name, "model")

    def main(self, name: str) -> Graph:
        """The main graph."""
        return _Resolver(self, self.document, name, self.arguments, False).resolve(self.own_classes, self.cuts)

    def part(self, name: str, place: Place) -> Graph:
        """A sub-model or block by its name."""
        if name in self.resolving:
            circle = " calls ".join([*self.resolving[self.resolving.index(name) :], name])
            raise RequestError(f"{circle}: that never ends.", where=str(place))
        if name not in self.resolved:
            is_block = name in self.blocks
            given, text = (self.blocks if is_block else self.models)[name]
            self.resolving.append(name)
            own = _parameters(text.parameters, {})
            if own and not is_block:
                raise RequestError(
                    "A sub-model takes the parameters of the whole spec.",
                    hint="Move them to the top, or make it one of the blocks.",
                    where=str(text.parameters[0].argument.place),
                )
            resolver = _Resolver(self, text, given.value, {**self.arguments, **own}, is_block)
            self.resolved[name] = resolver.resolve((), [], own)
            self.resolving.pop()
        return self.resolved[name]


def _check_callable_name(name: Text, what: str) -> None:
    with located(name.place):
        check_attribute_name(name.value, what, catalogue.reserved_attributes())


class _Resolver:
    """One graph of a family."""

    def __init__(
        self, family: _Family, text: GraphText, name: str, scope: Mapping[str, Argument], is_block: bool
    ) -> None:
        self.family = family
        self.text = text
        self.name = name
        self.scope = scope
        self.is_block = is_block
        self.taken: dict[str, str] = {}
        self.models: dict[str, Graph] = {}
        self.blocks: dict[str, Graph] = {}
        self.shared: dict[str, SharedLayer] = {}
        self.used: set[str] = set()

    def resolve(
        self,
        own_classes: tuple[OwnClass, ...],
        cuts: Iterable[tuple[Text, GraphText]],
        own_parameters: Mapping[str, Argument] | None = None,
    ) -> Graph:
        """The graph with all its names looked up."""
        self.take_names()
        inputs = tuple(self.input(item) for item in self.text.inputs)
        self.shared = {name.value: self.shared_layer(name, value) for name, value in self.text.shared}
        nodes, outputs = self.nodes()
        graph = Graph(
            name=self.name,
            summary=self.text.summary,
            inputs=inputs,
            shared=tuple(self.shared.values()),
            nodes=nodes,
            outputs=outputs,
            models=tuple(self.models.values()),
            blocks=tuple(self.blocks.values()),
            own_classes=own_classes,
            is_block=self.is_block,
            own_parameters=frozenset(own_parameters or ()),
            place=self.text.place,
        )
        graph = replace(graph, cuts=tuple(self.cut(name, text, graph) for name, text in cuts))
        graph = replace(graph, nodes=self.in_order(graph))
        self.refuse_unused(graph)
        used = self.used | {
            argument.name
            for part in (*graph.models, *graph.blocks)
            for argument in part.parameters
            if argument.name not in part.own_parameters
        }
        own = list(own_parameters or {})
        unused = [name for name in own if name not in used]
        if unused:
            place = next(item.argument.place for item in self.text.parameters if item.name.value == unused[0])
            raise RequestError(f"The parameter {unused[0]!r} is not used.", where=str(place))
        parameters = [self.scope[name] for name in (*own, *self.family.arguments) if name in used]
        unique = {argument.name: argument for argument in parameters}
        return replace(graph, parameters=tuple(sorted(unique.values(), key=lambda item: not item.required)))

    def take_names(self) -> None:
        """All names of values, layers, models and parameters: none may be there twice."""
        if not self.text.inputs or not self.text.outputs:
            missing = "outputs" if self.text.inputs else "inputs"
            raise RequestError(f"The graph {self.name!r} has no {missing}.", where=str(self.text.place))
        listed = [(item.name, "input") for item in self.text.inputs]
        listed += [(name, "shared layer") for name, _ in self.text.shared]
        listed += [(name, "node") for name, _ in self.text.nodes]
        document = self.family.document
        listed += [(name, "model") for name, _ in (*document.models, *document.blocks)]
        for name, what in listed:
            if what == "shared layer":
                _check_callable_name(name, what)
            elif what != "model":
                with located(name.place):
                    check_value_name(name.value, what)
            if name.value in self.scope:
                raise RequestError(f"{name.value!r} is a parameter already.", where=str(name.place))
            if name.value in self.taken:
                raise RequestError(f"{name.value!r} is {_a(self.taken[name.value])} already.", where=str(name.place))
            self.taken[name.value] = what

    def input(self, text: InputText) -> Input:
        """An input with its shape and dtype."""
        dtype = text.dtype.value if text.dtype else "float32"
        if dtype not in DTYPES:
            place = text.dtype.place if text.dtype else text.name.place
            hint = did_you_mean(dtype, DTYPES) or f"There are: {', '.join(DTYPES)}."
            raise RequestError(f"{dtype!r} is no type of numbers.", hint=hint, where=str(place))
        if text.shape is None:
            if not self.is_block:
                raise RequestError(
                    f"The input {text.name.value!r} has no shape.", hint="Write name: 32, or name: [28, 28, 1].",
                    where=str(text.name.place),
                )  # fmt: skip
            return Input(text.name.value, None, dtype, text.name.place)
        return Input(text.name.value, self.shape(text.shape), dtype, text.name.place)

    def shape(self, text: Text) -> tuple[Expression | None, ...]:
        """The shape of one example."""
        value = text.value.strip()
        inside = value[1:-1] if value[:1] in "([" and value[-1:] in ")]" else value
        wrong = RequestError(
            f"{value!r} is no shape.",
            hint="Give the sizes of one example, without the batch: 16, or (28, 28, 1).",
            where=str(text.place),
        )
        try:
            sizes = split_list(inside)
        except RequestError:
            raise wrong from None
        return tuple(self.size(size, text, wrong) for size in sizes)

    def size(self, size: Expression, text: Text, wrong: RequestError) -> Expression | None:
        """One size: a number, a parameter, or `None` where it is not fixed."""
        if size == Literal(None):
            return None
        if isinstance(size, Name) and size.word in self.scope:
            self.used.add(size.word)
            if self.scope[size.word].kind is not Kind.INT:
                raise RequestError(f"The parameter {size.word!r} is no size.", where=str(text.place))
            return size
        if isinstance(size, Name):
            known = [name for name, item in self.scope.items() if item.kind is Kind.INT]
            adding = self.family.owner.adding.format(name=size.word)
            raise RequestError(
                f"{size.word!r} is no {self.family.owner.noun}.",
                hint=did_you_mean(size.word, known) or f"To add it: {adding}.",
                where=str(text.place),
            )
        if isinstance(size, Literal) and type(size.value) is int and 0 < size.value <= LARGEST_SIZE:
            return size
        raise wrong

    def shared_layer(self, name: Text, value: Text) -> SharedLayer:
        """A layer with a name."""
        link = parse_link(value)
        if link.repeat != 1:
            raise RequestError("A shared layer is one layer.", where=str(value.place))
        return SharedLayer(name.value, self.layer(link.call, value.place), value.place)

    def layer(self, call: Call, place: Place) -> Layer:
        """A layer with its arguments as Keras names them."""
        own = {item.name for item in self.family.own_classes}
        if call.target in own:
            call = replace(call, target=f":{call.target}")
        signature = None
        try:
            if call.own is None:
                known = [*self.taken, *own]
                if call.target not in ("Input", "InputLayer") and not catalogue.is_layer(call.target):
                    near = did_you_mean(call.target, known)
                    if near:
                        raise RequestError(f"There is no layer {call.target!r}.", hint=near)
                signature = catalogue.find_class(call.target)
                if signature.group != "layers":
                    raise RequestError(f"{call.target} is a {signature.kind}, no layer.")
            resolved = resolve_call(replace(call, repeat=1), self.scope, owner=self.family.owner)
        except RequestError as error:
            raise error.at(str(place)) from None
        for part in walk(resolved):
            if isinstance(part, Call) and dict(part.keywords).get("return_state") == Literal(True):
                raise RequestError("A layer with return_state gives several values.", where=str(place))
        self.used |= names(resolved) & set(self.scope)
        return Layer(resolved, signature)

    def nodes(self) -> tuple[tuple[Node, ...], tuple[Output, ...]]:
        """Nodes and outputs, the nodes in the order in which they are written."""
        nodes = [self.node(name, parse_chain(text)) for name, text in self.text.nodes]
        outputs = []
        for name, text in self.text.outputs:
            chain = parse_chain(text)
            if chain.links:
                with located(name.place):
                    check_value_name(name.value, "output")
                if name.value in self.taken or name.value in self.scope:
                    what = self.taken.get(name.value, "parameter")
                    raise RequestError(f"{name.value!r} is {_a(what)} already.", where=str(name.place))
                self.taken[name.value] = "output"
                nodes.append(self.node(name, chain))
                outputs.append(Output(name.value, name.value, name.place))
            else:
                start = self.start(chain)
                if len(start) != 1:
                    raise RequestError("An output is one value.", where=str(text.place))
                label = start[0].partition(".")[2] or start[0] if name is text else name.value
                outputs.append(Output(label, start[0], text.place))
        return tuple(nodes), tuple(outputs)

    def node(self, name: Text, chain: Chain) -> Node:
        """A node with its calls looked up."""
        start = self.start(chain)
        if not chain.links:
            raise RequestError(
                f"The node {name.value!r} calls nothing.", hint="Write it as start -> Dense(64, relu).",
                where=str(chain.head.place),
            )  # fmt: skip
        steps = tuple(self.step(link) for link in chain.links)
        self.check_counts(start, steps)
        return Node(name.value, start, steps, name.place, chain.head.place)

    def start(self, chain: Chain) -> tuple[str, ...]:
        """The values that a chain begins with."""
        if not chain.start:
            raise RequestError(
                f"{chain.head.value!r} names no value.",
                hint="A chain begins with the name of an input or a node, or with several: (a, b).",
                where=str(chain.head.place),
            )
        return tuple(text.value for text in chain.start)

    def step(self, link: Link) -> Step:
        """A call with what it calls."""
        word, place = link.call.target, link.place
        if isinstance(link.repeat, str):
            self.demand_count(link.repeat, place)
        if word in self.shared or word in self.family.models:
            target = Target.SHARED if word in self.shared else Target.MODEL
            if not link.bare:
                what = "a shared layer" if target is Target.SHARED else "a model"
                raise RequestError(
                    f"{word!r} is {what} that is there already.", hint=f"Write {word}, without brackets.",
                    where=str(place),
                )  # fmt: skip
            if link.repeat != 1:
                raise RequestError(
                    f"'{word} x{link.repeat}' would call one and the same {word!r} again.",
                    hint=f"Write {word} -> {word} if that is meant.",
                    where=str(place),
                )
            if target is Target.MODEL:
                self.models[word] = self.family.part(word, place)
            return Step(target, word, place)
        if word in self.family.blocks:
            block = self.blocks[word] = self.family.part(word, place)
            return Step(Target.BLOCK, word, place, arguments=self.block_arguments(block, link), repeat=link.repeat)
        if link.bare and self.taken.get(word) in ("input", "node"):
            raise RequestError(
                f"{word!r} is a value, and a chain calls layers.",
                hint=f"To merge values: (…, {word}) -> Concatenate.",
                where=str(place),
            )
        layer = self.layer(link.call, place)
        return Step(Target.LAYER, layer.class_name, place, layer, repeat=link.repeat)

    def demand_count(self, name: str, place: Place) -> None:
        """A parameter says how often something is repeated."""
        if name not in self.scope or self.scope[name].kind is not Kind.INT:
            adding = self.family.owner.adding.format(name=name)
            raise RequestError(
                f"{name!r} is no {self.family.owner.noun} that counts.", hint=f"To add it: {adding}.", where=str(place)
            )
        self.used.add(name)

    def block_arguments(self, block: Graph, link: Link) -> tuple[tuple[str, Expression], ...]:
        """What a call gives to the parameters of a block, all of them by name."""
        text = self.family.blocks[block.name][1]
        own = [item.name.value for item in text.parameters]
        by_name = {argument.name: argument for argument in block.parameters}
        given: dict[str, Expression] = {}
        place = str(link.place)
        if len(link.call.arguments) > len(own):
            raise RequestError(
                f"{block.name} takes {len(own)} arguments, {len(link.call.arguments)} were given.", where=place
            )
        for key, value in [*zip(own, link.call.arguments), *link.call.keywords]:
            if key not in own:
                hint = did_you_mean(key, own) or f"It takes {', '.join(own) or 'none'}."
                raise RequestError(f"{block.name} has no argument {key!r}.", hint=hint, where=place)
            if key in given:
                raise RequestError(f"{block.name} is given {key!r} twice.", where=place)
            given[key] = self.block_argument(by_name[key], value, place)
        missing = [name for name in own if by_name[name].required and name not in given]
        if missing:
            raise RequestError(f"{block.name} needs {missing[0]!r}.", where=place)
        return tuple(given.items())

    def block_argument(self, argument: Argument, value: Expression, place: str) -> Expression:
        """A value for a parameter of a block."""
        inside = names(value) & set(self.scope)
        self.used |= inside
        if inside == names(value):
            return value
        if isinstance(value, Name) and argument.kind not in (Kind.INT, Kind.FLOAT, Kind.BOOL):
            return Literal(value.word)
        word = sorted(names(value) - inside)[0]
        adding = self.family.owner.adding.format(name=word)
        raise RequestError(f"{word!r} is no {self.family.owner.noun}.", hint=f"To add it: {adding}.", where=place)

    def check_counts(self, start: tuple[str, ...], steps: tuple[Step, ...]) -> None:
        """Every call takes as many values as it is given."""
        given = len(start)
        for index, step in enumerate(steps):
            graph = self.models.get(step.name) or self.blocks.get(step.name) if step.layer is None else None
            layer = self.shared[step.name].layer if step.target is Target.SHARED else step.layer
            if graph:
                wanted, made = len(graph.inputs), len(graph.outputs)
                if given != wanted:
                    raise self.count_error(step, f"takes {_count(wanted, 'input')}, {given} given")
                if step.repeated and (wanted, made) != (1, 1):
                    raise self.count_error(step, "has several inputs or outputs, so it cannot be repeated")
                if made > 1 and index < len(steps) - 1:
                    outputs = ", ".join(output.name for output in graph.outputs)
                    raise RequestError(
                        f"{step.name!r} has {made} outputs ({outputs}), so the chain ends here.",
                        hint="Begin others with node.output.",
                        where=str(step.place),
                    )
            elif layer and layer.signature:
                self.check_layer_count(step, layer, given)
            given = 1

    def check_layer_count(self, step: Step, layer: Layer, given: int) -> None:
        """A layer of Keras takes one value, several in turn, or a list of them."""
        signature = layer.signature
        assert signature is not None
        if signature.merges:
            if given < 2:
                raise self.count_error(
                    step, "merges several values, one is given", "Write (a, b) -> " + step.name + "."
                )
            if step.repeated:
                raise self.count_error(step, "merges several values, so it cannot be repeated")
        elif given > max(signature.inputs, 1) and layer.class_name not in ("RNN", "LSTM", "GRU", "SimpleRNN"):
            hint = "Merge them first: (a, b) -> Concatenate."
            raise self.count_error(step, f"takes {_count(max(signature.inputs, 1), 'value')}, {given} are given", hint)

    def count_error(self, step: Step, problem: str, hint: str | None = None) -> RequestError:
        """A call with the wrong number of values."""
        return RequestError(f"{step.name} {problem}.", hint=hint, where=str(step.place))

    def in_order(self, graph: Graph) -> tuple[Node, ...]:
        """The nodes, each behind those that it needs; all values that they name exist."""
        makers = {value: node for node in graph.nodes for value in graph.values_of(node)}
        known = {item.name for item in graph.inputs}
        for node in graph.nodes:
            for value in node.start:
                if value not in makers and value not in known:
                    raise self.unknown_value(value, node.start_place, graph)
        for output in graph.outputs:
            if output.value not in makers and output.value not in known:
                raise self.unknown_value(output.value, output.place, graph)
        needs = {node.name: [makers[value].name for value in node.start if value in makers] for node in graph.nodes}
        by_name = {node.name: node for node in graph.nodes}
        ordered, circle = sort_by_need(needs)
        if circle:
            raise RequestError(f"{' needs '.join(circle)}: a graph has no cycles.", where=str(by_name[circle[0]].place))
        return tuple(by_name[name] for name in ordered)

    def unknown_value(self, value: str, place: Place, graph: Graph) -> RequestError:
        """A value that nothing makes."""
        known = [item.name for item in graph.inputs]
        known += [made for node in graph.nodes for made in graph.values_of(node)]
        base = value.partition(".")[0]
        whole = next((node for node in graph.nodes if node.name == base), None)
        if whole and value != base and graph.values_of(whole) == (base,):
            return RequestError(f"{base!r} is one value.", hint=f"Write {base}.", where=str(place))
        if whole and value == base:
            return RequestError(
                f"{base!r} has several outputs.", hint=f"Write one: {', '.join(graph.values_of(whole))}.",
                where=str(place),
            )  # fmt: skip
        hint = did_you_mean(value, known) or f"There are: {', '.join(known)}."
        return RequestError(f"There is no value {value!r}.", hint=hint, where=str(place))

    def cut(self, name: Text, text: GraphText, graph: Graph) -> Cut:
        """A model cut out of this graph."""
        known = {item.name for item in graph.inputs}
        known |= {value for node in graph.nodes for value in graph.values_of(node)}
        inputs = tuple(item.name.value for item in text.inputs)
        outputs = tuple(value.value for _, value in text.outputs)
        places = [(item.name.value, item.name.place) for item in text.inputs]
        places += [(value.value, value.place) for _, value in text.outputs]
        for value, place in places:
            if value not in known:
                raise self.unknown_value(value, place, graph)
        if not inputs or not outputs:
            raise RequestError(f"The model {name.value!r} needs inputs and outputs.", where=str(name.place))
        return Cut(name.value, inputs, outputs, name.place)

    def refuse_unused(self, graph: Graph) -> None:
        """Everything is there for an output."""
        makers = {value: node for node in graph.nodes for value in graph.values_of(node)}
        needed: set[str] = set()
        waiting = [output.value for output in graph.outputs]
        values = set(waiting)
        while waiting:
            maker = makers.get(waiting.pop())
            if maker and maker.name not in needed:
                needed.add(maker.name)
                waiting += maker.start
                values |= set(maker.start)
        for node in graph.nodes:
            if node.name not in needed:
                raise RequestError(
                    f"The node {node.name!r} is not used: no output depends on it.",
                    hint="Use it, make it an output, or leave it out.",
                    where=str(node.place),
                )
        for item in graph.inputs:
            if item.name not in values:
                raise RequestError(
                    f"The input {item.name!r} is not used: no output depends on it.", where=str(item.place)
                )
        for output in graph.outputs:
            if output.value not in makers:
                raise RequestError(
                    f"The output {output.name!r} is the input itself.", hint="Call a layer.", where=str(output.place)
                )
        called = {step.name for step in graph.steps}
        for shared in graph.shared:
            if shared.name not in called:
                raise RequestError(f"The shared layer {shared.name!r} is not called.", where=str(shared.place))
        if self.text is self.family.document:
            everything = {part.name for part in every_graph(graph)}
            for name, text in (*self.text.models, *self.text.blocks):
                if not text.is_cut and name.value not in everything:
                    raise RequestError(f"{name.value!r} is never called.", where=str(name.place))


def _a(what: str) -> str:
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}"


def _count(number: int, what: str) -> str:
    return f"{'one' if number == 1 else number} {what}{'' if number == 1 else 's'}"
