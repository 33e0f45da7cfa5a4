"""What a file holds of weights, by the layers that it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MOST_SPARE = 1_000_000  # numbers that a file may hold beyond twice those of its model: counters, biases of cuDNN


class Misfit(Exception):
    """The weights of a file cannot be read, or are not those of the model: why, in words."""


@dataclass(frozen=True)
class Array:
    """An array in a file, which is read when it is asked for.

    Attributes:
        name: What the file calls it: `dense/kernel`, `dense_1_W`.
        read: Gives its values.
    """

    name: str
    shape: tuple[int, ...]
    read: Callable[[], Any]

    @property
    def size(self) -> int:
        """How many numbers it has."""
        count = 1
        for length in self.shape:
            count *= length
        return count

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of its name, the outermost first."""
        return tuple(re.sub(":[0-9]+$", "", self.name).split("/"))


@dataclass(frozen=True)
class Stored:
    """The arrays in a file.

    Attributes:
        layers: By the names of the layers of the outermost model, in the order of the file; those without any, too.
        theano: Whether Theano has learned them, which turns the kernels of convolutions by 180 degrees.
        keras1: Whether Keras 1 wrote them.
    """

    layers: Mapping[str, tuple[Array, ...]]
    theano: bool = False
    keras1: bool = False

    def demand_size(self, parameters: int) -> None:
        """Refuses what is far larger than a model with so many parameters: a small file can say that it is huge."""
        size = sum(array.size for arrays in self.layers.values() for array in arrays)
        if size > 2 * parameters + MOST_SPARE:
            raise Misfit(f"the file holds {size:,} numbers, the model has {parameters:,}")
