"""Names in generated code: none is given twice in one scope."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import split_words, to_class_name
from kscaffold.base.place import Place
from kscaffold.keras_data import catalogue
from kscaffold.spec.graph.value import Graph, Step, Target, every_graph


class Scope:
    """The names of one function or class.

    Args:
        taken: Names that are there already.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)

    def new(self, wanted: str) -> str:
        """The wanted name, with a number behind it if it is taken."""
        name, number = wanted, 2
        while name in self.taken:
            name, number = f"{wanted}{number}", number + 1
        self.taken.add(name)
        return name


def variable_name(value: str) -> str:
    """The variable for a value: `encoded.mean` is `encoded_mean`."""
    return value.replace(".", "_")


def snake_case(class_name: str) -> str:
    """A class name in small letters: `Conv2D` gives `conv2d`, `LayerNormalization` gives `layer_normalization`."""
    joined = "_".join(split_words(class_name))
    return re.sub(r"_(\d)", r"\1", joined).strip("_") or "layer"


def keras_name(class_name: str) -> str:
    """The name that Keras gives to the first layer of a class; the others have a number behind it: `dense_1`."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", class_name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def class_name(graph: Graph) -> str:
    """The class of a sub-model or block."""
    return to_class_name(graph.name)


def attribute_names(graph: Graph) -> list[str]:
    """The attribute of each step of a graph that keeps what it calls, in order: `dense1`, `dense2`, `embedding`.

    An operation is not kept; its name is empty.
    """
    bases = [_base(step) for step in graph.steps]
    total = Counter(base for base, step in zip(bases, graph.steps) if not is_named(step) and base)
    scope = Scope({*catalogue.reserved_attributes(), *(argument.name for argument in graph.parameters)})
    scope.taken |= {step.name for step in graph.steps if is_named(step)}
    seen: Counter[str] = Counter()
    attributes = []
    for base, step in zip(bases, graph.steps):
        if is_named(step) or step.target is Target.OPERATION:
            attributes.append(step.name if is_named(step) else "")
            continue
        seen[base] += 1
        name = f"{base}{seen[base]}" if total[base] > 1 else base
        if name in catalogue.reserved_attributes():
            name = f"{name}_layer"
        attributes.append(scope.new(name))
    return attributes


def is_named(step: Step) -> bool:
    """Whether a step calls something that has a name, and is there once."""
    return step.target in (Target.SHARED, Target.MODEL)


class ModelNames:
    """The names of what a model made by a function contains, all of which must differ.

    Args:
        graph: What the model computes.
        layers: The names that layers are given, by the index of their step.
    """

    def __init__(self, graph: Graph, layers: Mapping[int, str]) -> None:
        self.graph = graph
        self.by_keras = {
            keras_name(step.name): step.name
            for index, step in enumerate(graph.steps)
            if step.target is Target.LAYER and index not in layers
        }
        blocks = [step for part in every_graph(graph) if part.is_block for step in part.steps]
        self.by_keras |= {keras_name(step.name): step.name for step in blocks if step.layer}
        # Operations have names, too.
        operations = (step for step in (*graph.steps, *blocks) if step.target is Target.OPERATION)
        self.by_keras |= {name: name for name in map(_operation_name, operations)}
        self.by_keras |= {"sequential": "Sequential"} if graph.blocks else {}

    def shared(self, name: str) -> str | None:
        """The name of a shared layer, `None` if it is one that Keras may give to another layer."""
        return None if self._layer(name) else name

    def demand_free(self, layers: Iterable[tuple[str, Place]]) -> None:
        """Raises unless the names of the inputs and of the sub-models, and those that layers are given, are free.

        Args:
            layers: The names that layers are given, each with the place of the output that it belongs to.

        Raises:
            RequestError: Keras may give one to another layer.
        """
        given = [("an input", item.name, item.place) for item in self.graph.inputs]
        given += [("a model", model.name, model.place) for model in self.graph.models]
        given += [("an output", name, place) for name, place in layers]
        for what, name, place in given:
            if layer := self._layer(name):
                raise RequestError(
                    f"{name!r} cannot be the name of {what}: Keras gives it to the first {layer} that has none.",
                    hint=f"Call it {name}_{what.split()[1]}.",
                    where=str(place),
                )

    def _layer(self, name: str) -> str | None:
        return self.by_keras.get(re.sub(r"_[0-9]+$", "", name))


def _operation_name(step: Step) -> str:
    """The name that Keras gives to the first operation of a kind."""
    return "get_item" if step.part else step.name.rpartition(".")[2]


def _base(step: Step) -> str:
    if step.target is Target.OPERATION:
        return ""
    base = step.name if step.target is Target.BLOCK else snake_case(step.name)
    if not step.repeated:
        return base
    return f"{base}s" if step.target is Target.BLOCK else f"{base}_layers"
