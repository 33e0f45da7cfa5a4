"""From a spec as written to a graph: every name is looked up, every call held against what Keras knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kscaffold.spec.graph.document import GraphText
from kscaffold.spec.graph.family import Family
from kscaffold.spec.graph.resolver import Resolver
from kscaffold.spec.graph.targets import read_targets
from kscaffold.spec.graph.value import Graph, every_graph


def resolve_graph(document: GraphText, name: str, settings: Mapping[str, str]) -> Graph:
    """The graph that a spec describes.

    Args:
        document: The spec as written.
        name: The name of the graph in small letters.
        settings: Values of parameters as typed after `--set`.

    Raises:
        RequestError: Something in it cannot be; names the place.
    """
    family = Family(document, settings, lambda family, name, text: Resolver(family, name, text).resolve())
    graph = Resolver(family, name, document).resolve()
    called = {layer.class_name for part in every_graph(graph) for layer in part.layers}
    for item in graph.own_classes:
        if item.name not in called:
            raise item.place.error(f"The layer {item.name} is not used.")
    return replace(graph, targets=read_targets(document.targets, graph))
