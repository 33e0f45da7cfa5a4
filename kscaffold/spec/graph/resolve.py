"""From a spec as written to a graph: every name is looked up, every call held against what Keras knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Text
from kscaffold.keras_data import catalogue
from kscaffold.program.argument import Argument
from kscaffold.spec.graph.document import GraphText
from kscaffold.spec.graph.family import Family, read_parameters
from kscaffold.spec.graph.resolver import Resolver
from kscaffold.spec.graph.targets import read_targets
from kscaffold.spec.graph.value import Graph, OwnClass, every_graph
from kscaffold.spec.layer.call import Owner


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
    arguments = read_parameters(document.parameters, {} if flags else settings)
    own_classes = tuple(_own_class(key, value) for key, value in document.layers)

    def resolve(family: Family, text: GraphText, called: str, own: dict[str, Argument]) -> Graph:
        resolver = Resolver(family, text, called, {**arguments, **own}, called in family.blocks)
        return resolver.resolve((), [], own)

    family = Family(document, owner, arguments, own_classes, resolve)
    graph = Resolver(family, document, name, arguments, False).resolve(own_classes, family.cuts)
    _refuse_unused(document, graph, arguments)
    return replace(graph, targets=read_targets(document.targets, graph))


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
