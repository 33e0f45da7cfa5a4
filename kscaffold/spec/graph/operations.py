"""The shapes that operations give, for the common ones; what is not known with certainty is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kscaffold.base.errors import RequestError
from kscaffold.keras_data import catalogue
from kscaffold.program.tree import DOTS, NONE, Arithmetic, Listing, Part, Plain, Slice, Tree, Value, Variable
from kscaffold.spec.graph.value import Step
from kscaffold.spec.language.chain import OPERATIONS
from kscaffold.spec.shapes.shape import Shape, evaluate_size

Sizes = tuple[int | None, ...]  # with the batch axis
Rule = Callable[..., Sizes]
RULES: dict[str, Rule] = {}
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
            made = sliced(reader.shape(step.part.of), step.part, reader)
        else:
            name = step.name.removeprefix(OPERATIONS)
            parameters = catalogue.find_operation(name).parameters
            typed = (reader.argument(item) for item in step.passed.arguments)
            arguments: dict[str, object] = {key: default[0] for key, default in parameters.items() if default}
            arguments |= zip(parameters, (*map(_with_batch, given), *typed))
            arguments |= {key: reader.argument(item) for key, item in step.passed.keywords}
            made = RULES[name](*(arguments[key] for key in parameters))
    except (Unknown, IndexError, KeyError, TypeError, ValueError, RequestError):
        return None  # what Keras refuses is for the check to say
    # It has no batch axis, or another size of it.
    return made[1:] if made and made[0] is BATCH else None


class _Tensor(Sizes):
    """The shape of a tensor, with the batch axis: not a tuple of numbers."""


def _with_batch(shape: Shape | None) -> _Tensor:
    if shape is None:
        raise Unknown
    return _Tensor((BATCH, *shape))


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
                return tuple(map(self.argument, items))
            case Plain(value=value):
                return value
            case Variable(name=word) if self.values.get(word) is not None:
                return self.values[word]
            case Arithmetic():
                return self.number(item)
        raise Unknown

    def number(self, item: Tree) -> int | None:
        """A whole number, or nothing."""
        size = None if item == NONE else evaluate_size(item, self.values)
        if size is None and item != NONE:
            raise Unknown
        return size


def rule(*names: str, tensors: int = 1) -> Callable[[Rule], Rule]:
    """Registers the rule of operations, which is given their arguments in the order of Keras.

    Args:
        names: The operations.
        tensors: How many arguments, from the first on, have to be tensors.
    """

    def register(function: Rule) -> Rule:
        def checked(*arguments: object) -> Sizes:
            if not all(isinstance(item, _Tensor) for item in arguments[:tensors]):
                raise Unknown
            return function(*arguments)

        RULES.update(dict.fromkeys(names, checked))
        return function

    return register


def sliced(whole: Sizes, part: Part, reader: _Reader) -> Sizes:
    """The shape of a part of a value."""
    axes = list(part.index.items) if isinstance(part.index, Listing) else [part.index]
    taken = sum(1 for axis in axes if axis not in (DOTS, NONE))
    if DOTS not in axes:
        axes.append(DOTS)
    place = axes.index(DOTS)
    axes[place : place + 1] = [Slice(NONE, NONE, NONE)] * (len(whole) - taken)
    sizes = iter(whole)
    made: list[int | None] = []
    for position, axis in enumerate(axes):
        if axis == NONE:
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


def _axes(axis: object, rank: int) -> list[int]:
    """Axes of a tensor, counted from 0; the axis of the batch is not among them."""
    places = []
    for place in axis if isinstance(axis, tuple) else (axis,):
        if type(place) is not int or not -rank <= place < rank or place % rank == 0:
            raise Unknown
        places.append(place % rank)
    return places


@rule(*ELEMENTWISE)
def _same(first: _Tensor, *_: object) -> Sizes:
    return first


@rule(*BINARY, "where", tensors=0)
def _broadcast(*operands: object) -> Sizes:
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


@rule(*REDUCTIONS)
def _reduced(x: _Tensor, axis: object, keepdims: object, *_: object) -> Sizes:
    gone = _axes(axis, len(x))
    if keepdims:
        return tuple(1 if place in gone else size for place, size in enumerate(x))
    return tuple(size for place, size in enumerate(x) if place not in gone)


@rule("concatenate", tensors=0)
def _concatenated(xs: tuple[_Tensor, ...], axis: object) -> Sizes:
    if not xs or not all(isinstance(item, _Tensor) for item in xs):
        raise Unknown
    (place,) = _axes(axis, len(xs[0]))
    others = {(*item[:place], *item[place + 1 :]) for item in xs}
    sizes = [size for item in xs if (size := item[place]) is not None]
    if len(others) > 1 or len(sizes) != len(xs):
        raise Unknown
    return (*xs[0][:place], sum(sizes), *xs[0][place + 1 :])


@rule("stack", tensors=0)
def _stacked(xs: tuple[_Tensor, ...], axis: object) -> Sizes:
    if len(set(xs)) != 1 or not isinstance(xs[0], _Tensor):
        raise Unknown
    (place,) = _axes(axis, len(xs[0]) + 1)
    return (*xs[0][:place], len(xs), *xs[0][place:])


@rule("expand_dims")
def _expanded(x: _Tensor, axis: object) -> Sizes:
    (place,) = _axes(axis, len(x) + 1)
    return (*x[:place], 1, *x[place:])


@rule("squeeze")
def _squeezed(x: _Tensor, axis: object) -> Sizes:
    gone = _axes(axis, len(x))
    if any(x[place] != 1 for place in gone):
        raise Unknown
    return tuple(size for place, size in enumerate(x) if place not in gone)


@rule("transpose")
def _transposed(x: _Tensor, axes: tuple[int, ...]) -> Sizes:
    if sorted(axes) != list(range(len(x))) or axes[0]:
        raise Unknown
    return tuple(x[place] for place in axes)
