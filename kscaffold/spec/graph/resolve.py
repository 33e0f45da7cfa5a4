"""From a spec as written to a graph: every name is looked up, every call held against what Keras knows."""

from collections.abc import Mapping
from dataclasses import replace

from kscaffold.base.errors import RequestError, did_you_mean, with_article
from kscaffold.base.naming import check_value_name
from kscaffold.base.place import Place, Text, located
from kscaffold.program.argument import Kind
from kscaffold.program.text import show
from kscaffold.program.tree import NONE, Plain, Tree, Variable, names
from kscaffold.program.value import Input
from kscaffold.spec.graph.arity import count_values
from kscaffold.spec.graph.calls import Calls
from kscaffold.spec.graph.document import GraphText, InputText
from kscaffold.spec.graph.family import Body, Family, check_callable_name, read_parameters
from kscaffold.spec.graph.links import check_lists, in_order, read_cut, refuse_unused
from kscaffold.spec.graph.targets import read_targets
from kscaffold.spec.graph.value import Form, Graph, Node, Output, SharedLayer, Step, every_graph, natural_form
from kscaffold.spec.language.chain import Chain, parse_chain, parse_link
from kscaffold.spec.language.syntax import split_list

DTYPES = "float32 float16 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string".split()
LARGEST_SIZE = 10**9


def resolve_graph(document: GraphText, name: str, settings: Mapping[str, str]) -> Graph:
    """The graph that a spec describes, with a name in small letters and values of parameters as typed after `--set`.

    Raises:
        RequestError: Something in it cannot be; names the place.
    """
    family = Family(document, settings, lambda family, name, text: _Resolver(family, name, text).resolve())
    graph = _Resolver(family, name, document).resolve()
    called = {layer.class_name for part in every_graph(graph) for layer in part.layers}
    for item in graph.own_classes:
        if item.name not in called:
            raise item.place.error(f"The layer {item.name} is not used.")
    return replace(graph, targets=read_targets(document.targets, graph))


def resolve_body(document: GraphText, name: str, body: Body) -> Graph:
    """The graph that is the body of a layer; see `resolve_graph`."""
    family = Family(document, {}, lambda family, name, text: _Resolver(family, name, text).resolve(), body)
    graph = _Resolver(family, name, document).resolve()
    used = {value for node in graph.nodes for value in node.needs}
    return replace(graph, given=tuple((name, shape) for name, shape in body.weights.items() if name in used))


class _Resolver:
    """One graph of a family: its names, inputs and nodes, each looked up and held against the others."""

    def __init__(self, family: Family, name: str, text: GraphText) -> None:
        self.family = family
        self.name = name
        self.text = text
        self.is_main = text is family.document
        self.is_block = text.is_block
        self.own = {} if self.is_main else read_parameters(text.parameters, {})
        self.scope = {**family.arguments, **self.own}
        self.taken: dict[str, str] = {}
        self.calls = Calls(family, self.scope, self.taken)

    def resolve(self) -> Graph:
        self.take_names()
        inputs = tuple(map(self.input, self.text.inputs))
        self.calls.shared |= {name.value: self.shared_layer(name, value) for name, value in self.text.shared}
        nodes, outputs = self.nodes()
        forms = self.forms(len(inputs), len(outputs))
        graph = Graph(
            name=self.name,
            summary=self.text.summary,
            inputs=inputs,
            shared=tuple(self.calls.shared.values()),
            nodes=nodes,
            outputs=outputs,
            parts=tuple(sorted(self.calls.parts.values(), key=lambda part: not part.is_block)),
            own_classes=self.family.own_classes if self.is_main else (),
            is_block=self.is_block,
            own_parameters=frozenset(self.own),
            input_form=forms["inputs"],
            output_form=forms["outputs"],
            frozen=self.frozen(),
            given=tuple(self.family.body.weights.items()) if self.is_main else (),
            place=self.text.place,
        )
        cuts = [(name, text) for name, text in self.text.parts if text.is_cut]
        asked = [value.value for _, text in cuts for _, value in text.outputs]
        graph = in_order(count_values(graph, asked))
        graph = replace(graph, cuts=tuple(read_cut(name, text, graph) for name, text in cuts))
        check_lists(graph)
        refuse_unused(graph, self.text if self.is_main else None)
        sizes = (size for item in inputs for size in item.sizes if size is not None)
        used = graph.uses.union(*map(names, sizes))
        for item in self.text.parameters:
            if item.name not in used:
                problem = f"The parameter {item.name!r} is not used."
                raise item.argument.place.error(problem, "Use it, or leave it out.")
        parameters = [self.scope[name] for name in dict.fromkeys([*self.own, *self.scope]) if name in used]
        return replace(graph, parameters=tuple(sorted(parameters, key=lambda item: not item.required)))

    def take_names(self) -> None:
        """All names of values, layers and models: none may be there twice."""
        if not self.text.inputs or not self.text.outputs:
            missing = "outputs" if self.text.inputs else "inputs"
            raise self.text.place.error(f"The graph {self.name!r} has no {missing}.")
        listed = [(item.name, "input") for item in self.text.inputs]
        listed += [(name, "shared layer") for name, _ in self.text.shared]
        listed += [(name, "node") for name, _ in self.text.nodes]
        listed += [(name, "model") for name, _ in self.family.document.parts]
        self.taken |= dict.fromkeys(self.family.body.weights, "weight")
        for name, what in listed:
            self.take(name, what)
        self.chains = {text: parse_chain(text) for _, text in (*self.text.nodes, *self.text.outputs)}
        for name, text in self.text.outputs:
            if self.chains[text].makes_a_value:
                self.take(name, "output")

    def take(self, name: Text, what: str) -> None:
        """Raises unless a name is free, and can be that of an input, a node …"""
        if what == "shared layer":
            check_callable_name(name, what)
        elif what != "model":
            with located(name.place):
                check_value_name(name.value, what)
        known = "parameter" if name.value in self.scope else self.taken.get(name.value)
        if known:
            raise name.place.error(f"{name.value!r} is {with_article(known)} already.")
        self.taken[name.value] = what

    def forms(self, inputs: int, outputs: int) -> dict[str, Form]:
        """How so many values are taken and given: as the section `structure` says, else one, or a list."""
        forms = {"inputs": natural_form(inputs), "outputs": natural_form(outputs)}
        for key, said in self.text.structure:
            if self.is_block:
                raise key.place.error("A block has no structure.", "Make it one of the models.")
            if key.value not in forms:
                raise key.place.error(f"A structure has no {key.value!r}.", "It has inputs and outputs.")
            if said.value not in (Form.LIST, Form.DICT):
                raise said.place.error(f"{said.value!r} is not a structure.", "Write list, or dict.")
            forms[key.value] = Form(said.value)
        return forms

    def frozen(self) -> bool:
        said = self.text.trainable
        if said and said.value not in ("true", "false"):
            raise said.place.error(f"trainable is {said.value!r}.", "Write true, or false.")
        if said and self.is_block:
            hint = "To freeze it, make it one of the models."
            raise said.place.error("A block is trained with the model that calls it.", hint)
        return said is not None and said.value == "false"

    def input(self, text: InputText) -> Input:
        name, batch = text.name, text.batch_size
        dtype = text.dtype or Text("float32", name.place)
        if dtype.value not in DTYPES:
            raise dtype.place.unknown(f"{dtype.value!r} is not a type of numbers.", dtype.value, DTYPES)
        if text.shape is None and not self.is_block:
            raise name.place.error(f"The input {name.value!r} has no shape.", "Write name: 32, or name: [28, 28, 1].")
        batch_size = int(batch.value) if batch and batch.value.isdecimal() else 0
        if batch and (self.is_block or not 0 < batch_size <= LARGEST_SIZE):
            hint = "A block takes batches of any size." if self.is_block else "Give a number of examples: 32."
            raise batch.place.error(f"{batch.value!r} is not a batch size.", hint)
        sizes = self.shape(text.shape) if text.shape else ()
        return Input(
            name.value, sizes, dtype.value, batch_size or None, place=name.place, below=self.bound(text, dtype)
        )

    def bound(self, text: InputText, dtype: Text) -> Tree | None:
        """What whole numbers in an input have to be less than."""
        if text.below is None:
            return None
        if "int" not in dtype.value:
            raise text.below.place.error(f"{text.name.value!r} holds no whole numbers.", "Give it a dtype: int32.")
        with located(text.below.place):
            (bound,) = split_list(text.below.value) or (NONE,)
            size = self.size(bound, text.below.place)
            if size is None:
                raise RequestError(f"{text.below.value!r} is no bound.", hint="Write a number, or a parameter.")
        return size

    def shape(self, text: Text) -> tuple[Tree | None, ...]:
        value = text.value.strip()
        inside = value[1:-1] if value[:1] in "([" and value[-1:] in ")]" else value
        try:
            return tuple(self.size(size, text.place) for size in split_list(inside))
        except RequestError as error:
            hint = "Give the sizes of one example, without the batch: 16, or (28, 28, 1)."
            raise error if error.where else text.place.error(f"{value!r} is not a shape.", hint) from None

    def size(self, size: Tree, place: Place) -> Tree | None:
        """One size: a number, a parameter, or `None` where it is not fixed."""
        match size:
            case Plain(value=None):
                return None
            case Plain(value=int() as number) if 0 < number <= LARGEST_SIZE and number is not True:
                return size
            case Variable(name=word) if word not in self.scope:
                error = self.family.no_parameter(word, place)
                known = [name for name, item in self.scope.items() if item.kind is Kind.INT]
                raise place.error(error.message, did_you_mean(word, known) or error.hint)
            case Variable(name=word):
                if self.scope[word].kind is not Kind.INT:
                    raise place.error(f"The parameter {word!r} is not a size.")
                return size
        raise RequestError(f"{show(size)} is not a size.")

    def shared_layer(self, name: Text, value: Text) -> SharedLayer:
        link = parse_link(value)
        if link.repeat != 1:
            raise value.place.error("A shared layer is one layer.")
        return SharedLayer(name.value, self.calls.layer(link.call, value.place), value.place)

    def nodes(self) -> tuple[tuple[Node, ...], tuple[Output, ...]]:
        """Nodes and outputs, the nodes in the order in which they are written."""
        nodes = [node for name, text in self.text.nodes for node in self.node(name, self.chains[text])]
        outputs = []
        for name, text in self.text.outputs:
            chain = self.chains[text]
            if chain.makes_a_value:
                nodes += self.node(name, chain)
                outputs.append(Output(name.value, name.value, name.place))
                continue
            start, _ = self.start(chain)
            if len(start) != 1:
                raise text.place.error("An output is one value.")
            label = start[0].partition(".")[2] or start[0] if name is text else name.value
            outputs.append(Output(label, start[0], text.place))
        return tuple(nodes), tuple(outputs)

    def node(self, name: Text, chain: Chain) -> list[Node]:
        """The node of a chain, behind those that the parts of its expressions become."""
        start, steps = self.start(chain)
        if not chain.makes_a_value:
            problem = f"The node {name.value!r} calls nothing."
            raise chain.head.place.error(problem, "Write it as start -> Dense(64, relu).")
        steps = (*steps, *map(self.calls.step, chain.links))
        return [*self.calls.taken_apart(), Node(name.value, start, steps, name.place, chain.head.place)]

    def start(self, chain: Chain) -> tuple[tuple[str, ...], tuple[Step, ...]]:
        """The values that a chain begins with, and the call of the expression that it begins with, if there is one."""
        if chain.start:
            return chain.start, ()
        begun = self.calls.begin(chain.computed, chain.head.place) if chain.computed else None
        if begun is None:
            hint = "A chain begins with the name of an input or a node, with several, (a, b), or with an expression."
            raise chain.head.place.error(f"{chain.head.value!r} does not name a value.", hint)
        return begun
