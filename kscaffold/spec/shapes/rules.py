"""The rules of what layers of Keras make of known input shapes: what they are given and give, and how they are found.

A rule is a function of the arguments of a layer and of the shapes of its inputs, without their batch axes. It raises
`NotKnown` for whatever it cannot answer with certainty, and `RequestError` for what Keras refuses.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kscaffold.base.errors import RequestError
from kscaffold.keras_data.catalogue import Signature
from kscaffold.program.tree import NONE, Object, Tree
from kscaffold.spec.shapes.shape import Shape, evaluate, show_shape

# `glu` is the one activation of Keras whose output has another shape than its input.
SHRINKING_ACTIVATIONS = ("glu",)


class NotKnown(Exception):
    """The answer depends on something that is not known without Keras."""


@dataclass(frozen=True)
class Arguments:
    """The arguments of a layer or an operation of Keras: those of a resolved call, and Keras' defaults."""

    call: Object
    signature: Signature
    values: Mapping[str, object]  # what bare words stand for

    @property
    def layer(self) -> str:
        """The name of the layer."""
        return self.signature.name

    def expression(self, name: str) -> Tree | None:
        """What was given for an argument, if anything was."""
        return dict(self.call.keywords).get(name)

    def value(self, name: str) -> object:
        """The value of an argument, lists as tuples."""
        given = self.expression(name)
        if given is None:
            default = self.signature.parameters.get(name)
            if not default:
                raise NotKnown
            return _frozen(default[0])
        try:
            value = evaluate(given, self.values)
        except RequestError:
            raise NotKnown from None
        if value is None and given != NONE:
            raise NotKnown
        return _frozen(value)

    def is_given(self, name: str) -> bool:
        """Whether an argument is there and is not `None`."""
        return self.expression(name) not in (None, NONE)

    def size(self, name: str) -> int:
        """A positive whole number."""
        return whole(self.value(name), at_least=1)

    def listed(self, name: str) -> tuple[object, ...]:
        """A tuple or a list."""
        value = self.value(name)
        if not isinstance(value, tuple):
            raise NotKnown
        return value

    def flag(self, name: str) -> bool:
        """A truth value."""
        return bool(self.one_of(name, (True, False)))

    def one_of(self, name: str, choices: Iterable[object]) -> object:
        """A value that is one of several."""
        value = self.value(name)
        if not any(value is choice or (isinstance(value, str) and value == choice) for choice in choices):
            raise NotKnown
        return value

    def sizes(self, name: str, count: int, at_least: int = 1) -> tuple[int, ...]:
        """One whole number for each axis, or one for all of them."""
        return tuple(whole(item, at_least) for item in _for_each(self.value(name), count))

    def pairs(self, name: str, count: int) -> tuple[tuple[int, ...], ...]:
        """How much is added or removed at both ends of each axis."""
        axes = (self.value(name),) if count == 1 else _for_each(self.value(name), count)
        return tuple(tuple(whole(end, at_least=0) for end in _for_each(ends, 2)) for ends in axes)

    def axes(self, name: str, shape: Shape) -> tuple[int, ...]:
        """Axes of an input as indices of its shape without the batch axis."""
        value, rank = self.value(name), len(shape) + 1
        found = [whole(axis) for axis in (value if isinstance(value, tuple) else (value,))]
        if not all(-rank <= axis < rank and axis % rank for axis in found):
            raise NotKnown
        return tuple(axis % rank - 1 for axis in found)

    def check_conventions(self) -> None:
        """Raises `NotKnown` where channels do not come last or an activation may change the shape."""
        if "data_format" in self.signature.parameters:
            self.one_of("data_format", (None, "channels_last"))
        for name in ("activation", "recurrent_activation"):
            if self.is_given(name):
                word = self.value(name)
                if not isinstance(word, str) or word in SHRINKING_ACTIVATIONS:
                    raise NotKnown


def _frozen(value: object) -> object:
    return tuple(_frozen(item) for item in value) if isinstance(value, (list, tuple)) else value


def whole(value: object, at_least: int | None = None) -> int:
    """A whole number; raises `NotKnown` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or (at_least is not None and value < at_least):
        raise NotKnown
    return value


def _for_each(value: object, count: int) -> tuple[object, ...]:
    """So many values, where one may stand for all."""
    items = value if isinstance(value, tuple) else (value,) * count
    if len(items) != count:
        raise NotKnown
    return items


@dataclass(frozen=True)
class Inferred:
    """What is known of a layer on given inputs; `None` is what is not known."""

    shape: Shape | None  # of its output, without the batch axis
    parameters: int | None  # how many numbers all its weights have, trainable or not


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
        RULES.update(dict.fromkeys(layers, lambda *given: Inferred(rule(*given), 0)))
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
    fewer = "A Reshape, a Flatten or a pooling layer before it leaves fewer axes."
    advice = "A Reshape before it gives more axes." if len(shape) + 1 < axes else fewer
    problem = f"{layer} takes inputs with {'at least ' if least else ''}{axes} axes, not {show_shape(shape)}."
    return RequestError(problem, hint=f"The batch axis is one of them. {advice}")
