"""From a spec as written to a graph: every name is looked up, every call held against what Keras knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kscaffold.base.errors import RequestError, did_you_mean
from kscaffold.base.place import Place, Text, located
from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Object, Plain, walk
from kscaffold.spec.graph.document import GraphText, ParameterText
from kscaffold.spec.graph.resolver import Resolver, check_callable_name
from kscaffold.spec.graph.targets import read_targets
from kscaffold.spec.graph.value import Graph, OwnClass, every_graph
from kscaffold.spec.layer.argument import Argument, Kind, parse_argument
from kscaffold.spec.layer.weight import Owner


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
    graph = Family(document, owner, arguments, own_classes).main(name)
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
    if any(isinstance(part, Object) for part in walk(argument.default or Plain(None))):
        raise RequestError(
            f"The parameter {argument.name!r} is an object.",
            hint="Write the object where it is used, with a number as the parameter: L2(penalty).",
        )
    counts = argument.kind is Kind.INT and isinstance(argument.default, Plain) and not argument.optional
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


class Family:
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
            check_callable_name(name, "model")

    def main(self, name: str) -> Graph:
        """The main graph."""
        return Resolver(self, self.document, name, self.arguments, False).resolve(self.own_classes, self.cuts)

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
            resolver = Resolver(self, text, given.value, {**self.arguments, **own}, is_block)
            self.resolved[name] = resolver.resolve((), [], own)
            self.resolving.pop()
        return self.resolved[name]
