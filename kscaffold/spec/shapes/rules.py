"""The rules of what a layer of Keras makes of known input shapes, found by the layer's name.

A rule is a function of the arguments and of the shapes of the inputs, without their batch axes. It raises `NotKnown`
for whatever it cannot answer with certainty, and `RequestError` for what Keras refuses.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

from kscaffold.base.errors import RequestError
from kscaffold.spec.shapes.shape import Shape, show_shape


@dataclass(frozen=True)
class Inferred:
    """What is known of a layer on given inputs.

    Attributes:
        shape: The shape of its output, without the batch axis; `None` where it is not known.
        parameters: How many numbers all its weights have, trainable or not; `None` where it is not known.
    """

    shape: Shape | None
    parameters: int | None


Rule = Callable[..., Inferred]
ShapeRule = Callable[..., Shape]
RULES: dict[str, Rule] = {}
WEIGHTLESS: set[str] = set()


def weighted(*layers: str) -> Callable[[Rule], Rule]:
    """Registers the rule of layers that may have weights."""

    def register(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(layers, rule))
        return rule

    return register


def weightless(*layers: str) -> Callable[[ShapeRule], ShapeRule]:
    """Registers the rule of layers that never have weights: it gives a shape alone."""

    def register(rule: ShapeRule) -> ShapeRule:
        @functools.wraps(rule)
        def infer(*given: object) -> Inferred:
            return Inferred(rule(*given), 0)

        weighted(*layers)(infer)
        WEIGHTLESS.update(layers)
        return rule

    return register


def product(*sizes: int | None) -> int | None:
    """The product of sizes, `None` if one of them is not known."""
    known = [size for size in sizes if size is not None]
    return math.prod(known) if len(known) == len(sizes) else None


def total(*counts: int | None) -> int | None:
    """The sum of counts, `None` if one of them is not known."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def wrong_rank(layer: str, axes: int, shape: Shape, least: bool = False) -> RequestError:
    """The error of an input with too few or too many axes."""
    fewer = "a Reshape, a Flatten or a pooling layer before it leaves fewer axes."
    advice = "a Reshape before it gives more axes." if len(shape) + 1 < axes else fewer
    return RequestError(
        f"{layer} takes inputs with {'at least ' if least else ''}{axes} axes, not {show_shape(shape)}.",
        hint=f"The batch axis is one of them. A{advice[1:]}",
    )
