"""The arguments of a layer of Keras as the rules of its shapes read them: known with certainty, or not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kscaffold.base.errors import RequestError
from kscaffold.keras_data.catalogue import Signature
from kscaffold.program.tree import Arithmetic, Listing, Object, Part, Plain, Tree, Variable
from kscaffold.spec.shapes.shape import Shape, evaluate_size

# `glu` is the one activation of Keras whose output has another shape than its input.
SHRINKING_ACTIVATIONS = ("glu",)


class NotKnown(Exception):
    """The answer depends on something that is not known without Keras."""


@dataclass(frozen=True)
class Arguments:
    """The arguments of a layer of Keras; those that were not given have Keras' defaults.

    Attributes:
        call: The resolved call.
        signature: What Keras says of the layer.
        values: What bare words stand for.
    """

    call: Object
    signature: Signature
    values: Mapping[str, object]

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
        if given is not None:
            return self._evaluate(given)
        default = self.signature.parameters.get(name)
        if not default:
            raise NotKnown
        return _frozen(default[0])

    def _evaluate(self, expression: Tree) -> object:
        match expression:
            case Plain(value=value):
                return value
            case Listing(items=items):
                return tuple(self._evaluate(item) for item in items)
            case Variable(name=word) if self.values.get(word) is not None:
                return _frozen(self.values[word])
            case Arithmetic() | Part():
                try:
                    size = evaluate_size(expression, self.values)
                except RequestError:
                    raise NotKnown from None
                if size is not None:
                    return size
        raise NotKnown

    def is_given(self, name: str) -> bool:
        """Whether an argument is there and is not `None`."""
        given = self.expression(name)
        return given is not None and given != Plain(None)

    def size(self, name: str) -> int:
        """A positive whole number."""
        return whole(self.value(name), at_least=1)

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
        return _repeated(self.value(name), count, at_least)

    def pairs(self, name: str, count: int) -> tuple[tuple[int, ...], ...]:
        """How much is added or removed at both ends of each axis."""
        value = self.value(name)
        if count == 1:
            return (_repeated(value, 2, at_least=0),)
        sides = (value,) * count if isinstance(value, int) else value
        if not isinstance(sides, tuple) or len(sides) != count:
            raise NotKnown
        return tuple(_repeated(side, 2, at_least=0) for side in sides)

    def axes(self, name: str, shape: Shape) -> tuple[int, ...]:
        """Axes of an input as indices of its shape without the batch axis."""
        value = self.value(name)
        found = [whole(axis) for axis in (value if isinstance(value, tuple) else (value,))]
        rank = len(shape) + 1
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


def _repeated(value: object, count: int, at_least: int) -> tuple[int, ...]:
    items = value if isinstance(value, tuple) else (value,) * count
    if len(items) != count:
        raise NotKnown
    return tuple(whole(item, at_least) for item in items)
