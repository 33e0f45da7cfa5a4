"""Names in generated code: none is given twice in one scope."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from kscaffold.graph.value import Graph, Step, Target
from kscaffold.naming import split_words, to_class_name
from kscaffold.spec import catalogue


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


def class_name(graph: Graph) -> str:
    """The class of a sub-model or block."""
    return to_class_name(graph.name)


def attribute_names(graph: Graph) -> list[str]:
    """The attribute of each step of a graph that keeps what it calls, in order: `dense1`, `dense2`, `embedding`."""
    bases = [_base(step) for step in graph.steps]
    total = Counter(base for base, step in zip(bases, graph.steps) if not is_named(step))
    scope = Scope({*catalogue.reserved_attributes(), *(argument.name for argument in graph.parameters)})
    scope.taken |= {step.name for step in graph.steps if is_named(step)}
    seen: Counter[str] = Counter()
    attributes = []
    for base, step in zip(bases, graph.steps):
        if is_named(step):
            attributes.append(step.name)
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


def _base(step: Step) -> str:
    base = step.name if step.target is Target.BLOCK else snake_case(step.name)
    if not step.repeated:
        return base
    return f"{base}s" if step.target is Target.BLOCK else f"{base}_layers"
