"""The shapes that operations give, for the common ones; what is not known with certainty is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from kscaffold.base.errors import RequestError
from kscaffold.keras_data import catalogue
from kscaffold.program.tree import DOTS, Arithmetic, Listing, Part, Plain, Slice, Tree, Value, Variable
from kscaffold.spec.graph.value import Step
from kscaffold.spec.language.chain import OPERATIONS
from kscaffold.spec.shapes.shape import Shape, evaluate_size

Rule = TypeVar("Rule", bound=Callable[..., tuple[int | None, ...]])
RULES: dict[str, Callable[..., tuple[int | None, ...]]] = {}
BATCH = None  # the size of the batch axis
ELEMENTWISE = (
    "abs absolute arccos arcsin arctan ceil celu clip cos cosh elu erf exp expm1 floor gelu hard_sigmoid"
    " hard_silu hard_swish hard_tanh isfinite isinf isnan leaky_relu log log10 log1p log2 log_sigmoid logical_not"
    " negative normalize ones_like reciprocal relu relu6 round rsqrt selu sigmoid sign silu sin sinh soft_shrink"
    " softmax log_softmax softplus softsign sqrt square stop_gradient swish tan tanh tanh_shrink zeros_like cast"
).split()
BINARY = (
    "add arctan2 divide equal floor_divide greater greater_equal less less_equal logical_and logical_or logical_xor"
    " maximum minimum mod multiply not_equal power subtract true_divide"
).split()
REDUCTIONS = "all any amax amin logsumexp max mean min prod std sum var".split()


class Unknown(Exception):
    """A shape that is not known."""


def operation_shape(
    step: Step, given: tuple[Shape | None, ...], shapes: Mapping[str, Shape | None], values: Mapping[str, object]
) -> Shape | None:
    """The shape that an operation or a slice gives, without the batch axis; `None` where it is not known.

    Args:
        step: The operation.
        given: The shapes of the values that it is given by its chain.
        shapes: The shapes of all values.
        values: What the parameters stand for.
    """
    reader = _Reader(shapes, values)
    try:
        if step.part:
            return _without_batch(sliced(reader.shape(step.part.of), step.part, reader))
        name = step.name.removeprefix(OPERATIONS)
        if name not in RULES:
            return None
        parameters = catalogue.find_operation(name).parameters
        firsts: list[object] = [_with_batch(shape) for shape in given]
        positional = [*firsts, *(reader.argument(item) for item in step.passed.arguments)]
        arguments: dict[str, object] = dict(zip(parameters, positional))
        arguments |= {key: reader.argument(item) for key, item in step.passed.keywords}
        arguments = {key: default[0] for key, default in parameters.items() if default} | arguments
        return _without_batch(RULES[name](*(arguments[key] for key in parameters)))
    except (Unknown, IndexError, KeyError, TypeError, ValueError, RequestError):
        return None  # what Keras refuses is for the check to say


def _with_batch(shape: Shape | None) -> _Tensor:
    if shape is None:
        raise Unknown
    return _Tensor((BATCH, *shape))


def _without_batch(shape: tuple[int | None, ...]) -> Shape:
    if not shape or shape[0] is not BATCH:
        raise Unknown  # it has no batch axis, or another size of it
    return shape[1:]


class _Tensor(tuple[int | None, ...]):
    """The shape of a tensor, with the batch axis: no tuple of numbers."""


class _Reader:
    def __init__(self, shapes: Mapping[str, Shape | None], values: Mapping[str, object]) -> None:
        self.shapes = shapes
        self.values = values

    def shape(self, of: Tree) -> _Tensor:
        """The shape of a value."""
        assert isinstance(of, Value)
        return _with_batch(self.shapes.get(of.name))

    def argument(self, item: Tree) -> object:
        """An argument: a shape for a tensor, else what it is."""
        match item:
            case Value():
                return self.shape(item)
            case Listing(items=items):
                return tuple(self.argument(part) for part in items)
            case Plain(value=value):
                return value
            case Variable(name=word) if self.values.get(word) is not None:
                return self.values[word]
            case Arithmetic():
                return self.number(item)
        raise Unknown

    def number(self, item: Tree) -> int | None:
        """A whole number, or nothing."""
        if item == Plain(None):
            return None
        size = evaluate_size(item, self.values)
        if size is None:
            raise Unknown
        return size


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Registers the rule of operations, which is given their arguments in the order of Keras."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


def sliced(whole: tuple[int | None, ...], part: Part, reader: _Reader) -> tuple[int | None, ...]:
    """The shape of a part of a value."""
    axes = list(part.index.items) if isinstance(part.index, Listing) else [part.index]
    taken = sum(1 for axis in axes if axis != DOTS and axis != Plain(None))
    if DOTS not in axes:
        axes.append(DOTS)
    place = axes.index(DOTS)
    axes[place : place + 1] = [Slice(Plain(None), Plain(None), Plain(None))] * (len(whole) - taken)
    sizes = iter(whole)
    made: list[int | None] = []
    for position, axis in enumerate(axes):
        if axis == Plain(None):
            made.append(1)
            continue
        size = next(sizes)
        if isinstance(axis, Slice):
            made.append(_range_size(size, axis, reader, first=position == 0))
        elif position == 0:
            raise Unknown
    return tuple(made)


def _range_size(size: int | None, axis: Slice, reader: _Reader, first: bool) -> int | None:
    start, stop, step = (reader.number(bound) for bound in (axis.start, axis.stop, axis.step))
    if (start, stop, step) == (None, None, None):
        return size
    if size is None or first:
        raise Unknown
    return len(range(*slice(start, stop, step).indices(size)))


def _axis(axis: object, rank: int) -> int:
    if type(axis) is not int or not -rank <= axis < rank:
        raise Unknown
    return axis % rank


def _axes(axis: object, rank: int) -> list[int]:
    listed = axis if isinstance(axis, tuple) else (axis,)
    return [_axis(item, rank) for item in listed]


@rule(*ELEMENTWISE)
def _same(first: object, *_: object) -> tuple[int | None, ...]:
    if not isinstance(first, _Tensor):
        raise Unknown
    return first


@rule(*BINARY)
def _broadcast(*operands: object) -> tuple[int | None, ...]:
    shapes = [tuple(item) for item in operands if isinstance(item, _Tensor)]
    if any(not isinstance(item, (_Tensor, int, float, bool)) for item in operands):
        raise Unknown
    rank = max(map(len, shapes))
    if any(len(shape) != rank for shape in shapes):
        raise Unknown  # the batch axis of one of them meets another axis
    made: list[int | None] = []
    for position, sizes in enumerate(zip(*shapes)):
        known = {size for size in sizes if size != 1}
        if position and (len(known) > 1 or (None in known and len(sizes) > 1)):
            raise Unknown
        made.append(BATCH if not position else next(iter(known), 1))
    return tuple(made)


@rule("where")
def _where(condition: object, *branches: object) -> tuple[int | None, ...]:
    return _broadcast(condition, *branches)


@rule(*REDUCTIONS)
def _reduced(x: object, axis: object, keepdims: object, *_: object) -> tuple[int | None, ...]:
    if not isinstance(x, _Tensor) or axis is None:
        raise Unknown
    gone = _axes(axis, len(x))
    if 0 in gone:
        raise Unknown
    if keepdims:
        return tuple(1 if place in gone else size for place, size in enumerate(x))
    return tuple(size for place, size in enumerate(x) if place not in gone)


@rule("concatenate")
def _concatenated(xs: object, axis: object) -> tuple[int | None, ...]:
    tensors = [item for item in xs if isinstance(item, _Tensor)] if isinstance(xs, tuple) else []
    if not tensors or not isinstance(xs, tuple) or len(tensors) != len(xs):
        raise Unknown
    place = _axis(axis, len(tensors[0]))
    others = {(*item[:place], *item[place + 1 :]) for item in tensors}
    sizes = [size for item in tensors if (size := item[place]) is not None]
    if not place or len(others) > 1 or len(sizes) != len(tensors):
        raise Unknown
    return (*tensors[0][:place], sum(sizes), *tensors[0][place + 1 :])


@rule("stack")
def _stacked(xs: object, axis: object) -> tuple[int | None, ...]:
    if not isinstance(xs, tuple) or len(set(xs)) != 1 or not isinstance(xs[0], _Tensor):
        raise Unknown
    place = _axis(axis, len(xs[0]) + 1)
    if not place:
        raise Unknown
    return (*xs[0][:place], len(xs), *xs[0][place:])


@rule("expand_dims")
def _expanded(x: object, axis: object) -> tuple[int | None, ...]:
    if not isinstance(x, _Tensor):
        raise Unknown
    place = _axis(axis, len(x) + 1)
    if not place:
        raise Unknown
    return (*x[:place], 1, *x[place:])


@rule("squeeze")
def _squeezed(x: object, axis: object) -> tuple[int | None, ...]:
    if not isinstance(x, _Tensor) or axis is None:
        raise Unknown
    gone = _axes(axis, len(x))
    if any(x[place] != 1 for place in gone):
        raise Unknown
    return tuple(size for place, size in enumerate(x) if place not in gone)


@rule("transpose")
def _transposed(x: object, axes: object) -> tuple[int | None, ...]:
    if not isinstance(x, _Tensor) or not isinstance(axes, tuple) or sorted(axes) != list(range(len(x))) or axes[0]:
        raise Unknown
    return tuple(x[place] for place in axes)
