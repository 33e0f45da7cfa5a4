"""The names that layers are given in a model made by a function: those that somebody finds them by."""

from __future__ import annotations

import re

from kscaffold.spec.graph.value import Graph, Node, Step, Target, every_graph


class LayerNames:
    """The names of the layers of outputs, by which losses and targets find them, of cuts, and of shared layers.

    Args:
        graph: What the model computes.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.labels = {output.value: output.name for output in graph.outputs}
        places = {value: cut.place for cut in graph.cuts for value in (*cut.inputs, *cut.outputs)}
        if len(graph.outputs) > 1:
            places |= {output.value: output.place for output in graph.outputs}
        self.by_node = {
            node.name: places[node.name]
            for node in graph.nodes
            if node.name in places and not graph.is_block and makes_its_value(node)
        }

    def of_step(self, node: Node, place: int) -> str | None:
        """The name of the layer of a step; `None` for one that Keras may name."""
        return self.of_value(node.name) if node.name in self.by_node and place == len(node.steps) - 1 else None

    def of_value(self, value: str) -> str:
        """The name of the layer that makes a value, or of an input."""
        return self.labels.get(value, value) if value in self.by_node else value

    def shared(self, name: str) -> str | None:
        """The name of a shared layer; `None` in a block, and for one that Keras may give to another layer."""
        return None if self.graph.is_block or self._taken_by(name) else name

    def demand_free(self) -> None:
        """Raises unless the names of the inputs and of the sub-models, and those that layers are given, are free.

        Raises:
            RequestError: Keras may give one to another layer.
        """
        given = [("an input", item.name, item.place) for item in self.graph.inputs]
        given += [("a model", model.name, model.place) for model in self.graph.models]
        given += [("an output", self.of_value(name), place) for name, place in self.by_node.items()]
        for what, name, place in given:
            if layer := self._taken_by(name):
                raise place.error(
                    f"{name!r} cannot be the name of {what}: Keras gives it to the first {layer} that has none.",
                    f"Call it {name}_{what.split()[1]}.",
                )

    def _taken_by(self, name: str) -> str | None:
        """The class of the layers, or the operation, to which Keras gives a name by itself."""
        return self._names_of_keras().get(re.sub(r"_[0-9]+$", "", name))

    def _names_of_keras(self) -> dict[str, str]:
        nodes = self.graph.nodes
        unnamed = [step for node in nodes for place, step in enumerate(node.steps) if self.of_step(node, place) is None]
        blocks = [step for part in every_graph(self.graph) if part.is_block for step in part.steps]
        found = {}
        for step in (*unnamed, *blocks):
            if step.target is Target.OPERATION:
                found[_operation_name(step)] = _operation_name(step)
            elif step.target is Target.LAYER:
                found[keras_name(step.name)] = step.name
        return found | ({"sequential": "Sequential"} if any(part.is_block for part in self.graph.parts) else {})


def makes_its_value(node: Node) -> bool:
    """Whether the one value of a node is made by a layer that nothing else calls, by which it can be found."""
    last = node.steps[-1]
    return last.layer is not None and not last.repeated and not node.parts


def keras_name(class_name: str) -> str:
    """The name that Keras gives to the first layer of a class; the others have a number behind it: `dense_1`."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", class_name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def _operation_name(step: Step) -> str:
    """The name that Keras gives to the first operation of a kind."""
    return "get_item" if step.part else step.name.rpartition(".")[2]
