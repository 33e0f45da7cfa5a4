"""One graph of a spec: its names, inputs and nodes, each looked up and held against the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kscaffold.base.errors import RequestError, did_you_mean
from kscaffold.base.naming import check_value_name
from kscaffold.base.place import Text, located
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.tree import Plain, Tree, Variable
from kscaffold.spec.graph.arity import check_counts
from kscaffold.spec.graph.calls import Calls
from kscaffold.spec.graph.document import GraphText, InputText
from kscaffold.spec.graph.family import Family, check_callable_name
from kscaffold.spec.graph.links import in_order, read_cut, refuse_unused
from kscaffold.spec.graph.value import Form, Graph, Input, Node, Output, OwnClass, SharedLayer, Step, natural_form
from kscaffold.spec.language.chain import Chain, parse_chain, parse_link
from kscaffold.spec.language.syntax import split_list

DTYPES = "float32 float16 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string".split()
LARGEST_SIZE = 10**9


class Resolver:
    """One graph of a family.

    Args:
        family: The graph with its models and blocks.
        text: The graph as written.
        name: Its name.
        scope: The parameters that it may use.
        is_block: Whether it is a block.
    """

    def __init__(
        self, family: Family, text: GraphText, name: str, scope: Mapping[str, Argument], is_block: bool
    ) -> None:
        self.family = family
        self.text = text
        self.name = name
        self.scope = scope
        self.is_block = is_block
        self.taken: dict[str, str] = {}
        self.calls = Calls(family, scope, self.taken)

    def resolve(
        self,
        own_classes: tuple[OwnClass, ...],
        cuts: Iterable[tuple[Text, GraphText]],
        own_parameters: Mapping[str, Argument] | None = None,
    ) -> Graph:
        """The graph with all its names looked up."""
        self.take_names()
        inputs = tuple(self.input(item) for item in self.text.inputs)
        self.calls.shared |= {name.value: self.shared_layer(name, value) for name, value in self.text.shared}
        nodes, outputs = self.nodes()
        graph = Graph(
            name=self.name,
            summary=self.text.summary,
            inputs=inputs,
            shared=tuple(self.calls.shared.values()),
            nodes=nodes,
            outputs=outputs,
            models=tuple(self.calls.models.values()),
            blocks=tuple(self.calls.blocks.values()),
            own_classes=own_classes,
            is_block=self.is_block,
            own_parameters=frozenset(own_parameters or ()),
            input_form=self.form("inputs", len(inputs)),
            output_form=self.form("outputs", len(outputs)),
            frozen=self.frozen(),
            place=self.text.place,
        )
        cuts = tuple(cuts)
        graph = with_parts(graph, [value.value for _, text in cuts for _, value in text.outputs])
        graph = replace(graph, cuts=tuple(read_cut(name, text, graph) for name, text in cuts))
        graph = replace(graph, nodes=in_order(graph))
        refuse_unused(graph, self.text if self.text is self.family.document else None)
        used = self.calls.used | {
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
                check_callable_name(name, what)
            elif what != "model":
                with located(name.place):
                    check_value_name(name.value, what)
            if name.value in self.scope:
                raise RequestError(f"{name.value!r} is a parameter already.", where=str(name.place))
            if name.value in self.taken:
                raise RequestError(f"{name.value!r} is {_a(self.taken[name.value])} already.", where=str(name.place))
            self.taken[name.value] = what
            if what in ("input", "node"):
                self.calls.values.add(name.value)
        self.chains = {text: parse_chain(text) for _, text in (*self.text.nodes, *self.text.outputs)}
        makes = (name.value for name, text in self.text.outputs if self.chains[text].makes_a_value)
        self.calls.values |= set(makes)

    def form(self, kind: str, count: int) -> Form:
        """How inputs are taken or outputs given: as the section `structure` says, else one, or a list."""
        said = next((value for key, value in self.text.structure if key.value == kind), None)
        for key, _ in self.text.structure:
            if key.value not in ("inputs", "outputs") or self.is_block:
                what = f"A structure has no {key.value!r}." if not self.is_block else "A block has no structure."
                hint = "It has inputs and outputs." if not self.is_block else "Make it one of the models."
                raise RequestError(what, hint=hint, where=str(key.place))
        if said is None:
            return natural_form(count)
        if said.value not in (Form.LIST, Form.DICT):
            raise RequestError(f"{said.value!r} is no structure.", hint="Write list, or dict.", where=str(said.place))
        return Form(said.value)

    def frozen(self) -> bool:
        """Whether nothing in the graph is trained."""
        said = self.text.trainable
        if said is None:
            return False
        if said.value not in ("true", "false"):
            raise RequestError(f"trainable is {said.value!r}.", hint="Write true, or false.", where=str(said.place))
        if self.is_block:
            raise RequestError(
                "A block is no model of its own, so it is trained with its model.",
                hint="Make it one of the models.",
                where=str(said.place),
            )
        return said.value == "false"

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
        shape, batch_size = self.shape(text.shape), None
        if text.batch_size:
            batch_size = int(text.batch_size.value) if text.batch_size.value.isdecimal() else 0
            if not 0 < batch_size <= LARGEST_SIZE or self.is_block:
                reason = "A block takes batches of any size." if self.is_block else "Give a number of examples: 32."
                raise RequestError(
                    f"{text.batch_size.value!r} is no batch size.", hint=reason, where=str(text.batch_size.place)
                )
        return Input(text.name.value, shape, dtype, text.name.place, batch_size)

    def shape(self, text: Text) -> tuple[Tree | None, ...]:
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

    def size(self, size: Tree, text: Text, wrong: RequestError) -> Tree | None:
        """One size: a number, a parameter, or `None` where it is not fixed."""
        if size == Plain(None):
            return None
        if isinstance(size, Variable) and size.name in self.scope:
            self.calls.used.add(size.name)
            if self.scope[size.name].kind is not Kind.INT:
                raise RequestError(f"The parameter {size.name!r} is no size.", where=str(text.place))
            return size
        if isinstance(size, Variable):
            known = [name for name, item in self.scope.items() if item.kind is Kind.INT]
            adding = self.family.owner.adding.format(name=size.name)
            raise RequestError(
                f"{size.name!r} is no {self.family.owner.noun}.",
                hint=did_you_mean(size.name, known) or f"To add it: {adding}.",
                where=str(text.place),
            )
        if isinstance(size, Plain) and type(size.value) is int and 0 < size.value <= LARGEST_SIZE:
            return size
        raise wrong

    def shared_layer(self, name: Text, value: Text) -> SharedLayer:
        """A layer with a name."""
        link = parse_link(value)
        if link.repeat != 1:
            raise RequestError("A shared layer is one layer.", where=str(value.place))
        return SharedLayer(name.value, self.calls.layer(link.call, value.place), value.place)

    def nodes(self) -> tuple[tuple[Node, ...], tuple[Output, ...]]:
        """Nodes and outputs, the nodes in the order in which they are written."""
        nodes = [self.node(name, self.chains[text]) for name, text in self.text.nodes]
        outputs = []
        for name, text in self.text.outputs:
            chain = self.chains[text]
            if chain.makes_a_value:
                with located(name.place):
                    check_value_name(name.value, "output")
                if name.value in self.taken or name.value in self.scope:
                    what = self.taken.get(name.value, "parameter")
                    raise RequestError(f"{name.value!r} is {_a(what)} already.", where=str(name.place))
                self.taken[name.value] = "output"
                nodes.append(self.node(name, chain))
                outputs.append(Output(name.value, name.value, name.place))
            else:
                start, _ = self.start(chain)
                if len(start) != 1:
                    raise RequestError("An output is one value.", where=str(text.place))
                label = start[0].partition(".")[2] or start[0] if name is text else name.value
                outputs.append(Output(label, start[0], text.place))
        return tuple(nodes), tuple(outputs)

    def node(self, name: Text, chain: Chain) -> Node:
        """A node with its calls looked up."""
        start, steps = self.start(chain)
        if not chain.links and not steps:
            raise RequestError(
                f"The node {name.value!r} calls nothing.", hint="Write it as start -> Dense(64, relu).",
                where=str(chain.head.place),
            )  # fmt: skip
        steps = (*steps, *(self.calls.step(link) for link in chain.links))
        layers = {item.name: item.layer for item in self.calls.shared.values()}
        given = check_counts(start, steps, self.calls.models | self.calls.blocks, layers, self.calls.values)
        parts = () if given in (1, None) else tuple(str(number) for number in range(given or 0))
        return Node(name.value, start, steps, name.place, chain.head.place, parts, given is not None)

    def start(self, chain: Chain) -> tuple[tuple[str, ...], tuple[Step, ...]]:
        """The values that a chain begins with, or the operation."""
        if chain.start:
            return chain.start, ()
        if chain.computed is None:
            raise RequestError(
                f"{chain.head.value!r} names no value.",
                hint="A chain begins with the name of an input or a node, with several, (a, b), or with an operation.",
                where=str(chain.head.place),
            )
        return (), (self.calls.head(chain.computed, chain.head.place),)


def with_parts(graph: Graph, others: Iterable[str]) -> Graph:
    """The graph in which nodes have as many values as are asked for, where it is not known how many they give.

    Args:
        graph: The graph.
        others: Values that are asked for outside of its nodes and outputs.
    """
    asked: dict[str, int] = {}
    wanted = [value for node in graph.nodes for value in node.needs]
    for value in (*wanted, *(output.value for output in graph.outputs), *others):
        name, _, number = value.partition(".")
        if number.isdecimal() and len(number) <= 3:
            asked[name] = max(asked.get(name, 0), int(number))
    nodes = tuple(
        (
            replace(node, parts=tuple(str(number) for number in range(asked[node.name] + 1)))
            if not node.complete and node.name in asked
            else replace(node, complete=True)
        )
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def _a(what: str) -> str:
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}"
