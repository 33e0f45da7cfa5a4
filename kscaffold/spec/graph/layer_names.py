"""The names that layers are given in a model made by a function: those that somebody finds them by."""

import re
from collections.abc import Iterable, Iterator

from kscaffold.keras_data.catalogue import made_up_stem
from kscaffold.spec.graph.value import Graph, Node, Step, Target, every_graph


class LayerNames:
    """The names of the layers of outputs, by which losses and targets find them, of cuts, and of shared layers."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.labels = {output.value: output.name for output in graph.outputs}
        places = {value: cut.place for cut in graph.cuts for value in (*cut.inputs, *cut.outputs)}
        if len(graph.outputs) > 1:
            places |= {output.value: output.place for output in graph.outputs}
        self.places = {
            node.name: places[node.name]
            for node in graph.nodes
            if node.name in places and not graph.is_block and makes_its_value(node)
        }
        unnamed = [step for node in graph.nodes for step in node.steps[: -1 if node.name in self.places else None]]
        blocks = [part for part in every_graph(graph) if part.is_block]
        self.of_keras = dict(_names_of_keras([*unnamed, *(step for block in blocks for step in block.steps)]))
        if any(part.is_block for part in graph.parts):
            self.of_keras["sequential"] = "Sequential"

    def of_step(self, node: Node, place: int) -> str | None:
        """The name of the layer of a step; `None` for one that Keras may name."""
        return self.of_value(node.name) if node.name in self.places and place == len(node.steps) - 1 else None

    def of_value(self, value: str) -> str:
        """The name of the layer that makes a value, or of an input."""
        return self.labels.get(value, value) if value in self.places else value

    def shared(self, name: str) -> str | None:
        """The name of a shared layer; `None` in a block, and for one that Keras may give to another layer."""
        return None if self.graph.is_block or self._taken_by(name) else name

    def demand_free(self) -> None:
        """Raises a `RequestError` if Keras may give another layer a name of an input, a sub-model or an output."""
        given = [("an input", item.name, item.place) for item in self.graph.inputs]
        given += [("a model", model.name, model.place) for model in self.graph.models]
        given += [("an output", self.of_value(name), place) for name, place in self.places.items()]
        for what, name, place in given:
            if layer := self._taken_by(name):
                reason = f"Keras gives it to the first {layer} that has none."
                problem = f"{name!r} cannot be the name of {what}: {reason}"
                raise (place or self.graph.place).error(problem, f"Call it {name}_{what.split()[1]}.")

    def _taken_by(self, name: str) -> str | None:
        """The class of the layers, or the operation, to which Keras gives a name by itself."""
        return self.of_keras.get(re.sub(r"_[0-9]+$", "", name))


def makes_its_value(node: Node) -> bool:
    """Whether the one value of a node is made by a layer that nothing else calls, by which it can be found."""
    last = node.steps[-1]
    return last.layer is not None and not last.repeated and not node.parts


def _names_of_keras(unnamed: Iterable[Step]) -> Iterator[tuple[str, str]]:
    """What Keras calls the first layer of each class and the first operation of each kind, and which it is."""
    for step in unnamed:
        if step.target is Target.OPERATION:
            name = "get_item" if step.part else step.name.rpartition(".")[2]
            yield name, name
        elif step.target is Target.LAYER:
            yield made_up_stem(step.name), step.name
