"""Names in generated code: none is given twice in one scope."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kscaffold.base.naming import split_words


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
