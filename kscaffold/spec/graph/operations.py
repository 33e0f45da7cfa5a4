"""The shapes that operations give, for the common ones; what is not known with certainty is not known."""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from kscaffold.base.errors import RequestError
from kscaffold.keras_data import catalogue
from kscaffold.program.tree import DOTS, NONE, Listing, Object, Ref, Slice, Tree, Value, walk
from kscaffold.spec.graph.arity import OF_LISTS
from kscaffold.spec.graph.value import Step
from kscaffold.spec.language.chain import OF_LAYER, OPERATIONS
from kscaffold.spec.shapes.rules import RULES, Arguments, NotKnown, weightless, whole
from kscaffold.spec.shapes.shape import Shape, evaluate_size, show_shape
from kscaffold.spec.shapes.weightless import listed

ELEMENTWISE = (
    "abs absolute arccos arcsin arctan ceil celu clip cos cosh elu erf exp expm1 floor gelu hard_sigmoid"
    " hard_silu hard_swish hard_tanh isfinite isinf isnan leaky_relu log log10 log1p log2 log_sigmoid logical_not"
    " negative normalize ones_like reciprocal relu relu6 round rsqrt selu sigmoid sign silu sin sinh soft_shrink"
    " softmax log_softmax softplus softsign sqrt square stop_gradient swish tan tanh tanh_shrink zeros_like cast"
).split()
BINARY = (
    "add arctan2 divide equal floor_divide greater greater_equal less less_equal logical_and logical_or logical_xor"
    " maximum minimum mod multiply not_equal power subtract true_divide where"
).split()
REDUCTIONS = "all any amax amin logsumexp max mean min prod std sum var".split()
WHOLE_AXIS = Slice(NONE, NONE, NONE)


def operation_shape(
    step: Step,
    given: tuple[Shape | None, ...],
    shapes: Mapping[str, Shape | None],
    values: Mapping[str, object],
    weights: Mapping[str, Shape | None],
) -> Shape | None:
    """The shape that an operation or a slice gives, without the batch axis; `None` where it is not known.

    Args:
        step: The operation.
        given: The shapes of the values that it is given by its chain.
        shapes: The shapes of all values.
        values: What the parameters stand for.
        weights: The shapes of the weights of a layer, whose first axis is no batch.

    Raises:
        RequestError: What Keras would refuse.
    """

    def shape_of(tensor: Tree) -> Shape:
        match tensor:
            case Ref(source=place) if (shape := given[place]) is not None:
                return shape
            case Value(name=name) if (shape := shapes.get(name)) is not None:
                return shape
        raise NotKnown

    try:
        if step.part:
            return _sliced(shape_of(step.part.of), step.part.index, values)
        if step.name.startswith(OF_LAYER):  # an activation
            return given[0] if given else shape_of(step.passed.arguments[0])
        signature = catalogue.find_operation(step.name.removeprefix(OPERATIONS))
        typed = (*map(Ref, range(len(given))), *step.passed.arguments)
        call = Object(step.name, (*zip(signature.parameters, typed), *step.passed.keywords))
        found = list(_tensors(call, signature.name in OF_LISTS))
        beside = [weights[tensor.name] for tensor in found if isinstance(tensor, Value) and tensor.name in weights]
        tensors = [shape_of(tensor) for tensor in found if not (isinstance(tensor, Value) and tensor.name in weights)]
        if signature.name == "matmul" and len(tensors) == 1 and isinstance(found[1], Value) and beside:
            return _multiplied(tensors[0], beside[0])
        if beside and signature.name in BINARY:
            _demand_fit(step.name, beside, tensors)
        if beside and not (signature.name in BINARY and len(tensors) == 1 and fits_all(beside, tensors[0])):
            raise NotKnown
        return RULES[signature.name](Arguments(call, signature, values), *tensors).shape
    except (NotKnown, KeyError, StopIteration, TypeError, ValueError):
        return None


def constant_shape(
    step: Step, given: tuple[str, ...], constants: Mapping[str, Shape | None], values: Mapping[str, object]
) -> Shape | None:
    """The whole shape of what an operation makes of constants alone; `None` where that is not known."""
    name = step.name.removeprefix(OPERATIONS)
    bounds = step.passed.arguments
    if name == "arange" and 1 <= len(bounds) <= 3 and not {"start", "stop", "step"} & {*dict(step.passed.keywords)}:
        known = [evaluate_size(bound, values) for bound in bounds]
        sizes = [size for size in known if size is not None]
        return (len(range(*sizes)),) if len(sizes) == len(known) and sizes[2:] != [0] else None
    if name in (*ELEMENTWISE, *BINARY):
        shapes = {constants[value] for value in (*given, *step.reads)}
        return shapes.pop() if len(shapes) == 1 else None
    return None


def _multiplied(shape: Shape, matrix: Shape | None) -> Shape:
    """The shape of a value times a weight."""
    if matrix is None or len(matrix) != 2 or not shape or shape[-1] != matrix[0]:
        raise NotKnown
    return (*shape[:-1], matrix[1])


def _demand_fit(name: str, weights: Iterable[Shape | None], shapes: Iterable[Shape]) -> None:
    """Raises a `RequestError` where a weight cannot be broadcast to a value, or with it."""
    for weight, shape in itertools.product(filter(None, weights), shapes):
        pairs = list(itertools.zip_longest(reversed(weight), reversed(shape), fillvalue=1))
        known = all(len({one, two} - {1, None}) < 2 for one, two in pairs[: len(shape)])
        if not known or any(one != 1 for one, _ in pairs[len(shape) :]):
            problem = f"{name} cannot combine a weight of shape {weight} and {show_shape(shape)}."
            raise RequestError(problem, hint="Behind the batch axis, the sizes of an axis must be equal, or 1.")


def fits_all(weights: Iterable[Shape | None], shape: Shape) -> bool:
    """Whether weights are broadcast to a value, which stays as large as it is."""
    return all(
        weight is not None
        and len(weight) <= len(shape)
        and all(one in (1, size) for one, size in zip(reversed(weight), reversed(shape)))
        for weight in weights
    )


def _is_tensor(tree: Tree | None) -> bool:
    return isinstance(tree, (Ref, Value))


def _tensors(call: Object, of_lists: bool) -> Iterator[Tree]:
    """The tensors among the arguments of an operation."""
    for place, (_, item) in enumerate(call.keywords):
        if of_lists and place == 0 and isinstance(item, Listing):
            yield from item.items
        elif _is_tensor(item):
            yield item
        elif any(map(_is_tensor, walk(item))):
            raise NotKnown


def _sliced(shape: Shape, index: Tree, values: Mapping[str, object]) -> Shape:
    axes = list(index.items) if isinstance(index, Listing) else [index]
    if DOTS not in axes:
        axes.append(DOTS)
    place = axes.index(DOTS)
    # Counted from the end, an axis is never meant to be that of the batch.
    if len(axes) - 1 - axes.count(NONE) > len(shape) + (place > 0):
        hint = "The batch axis is the first of them."
        raise RequestError(f"A value of shape {show_shape(shape)} has no such axis to take a part of.", hint=hint)
    axes[place : place + 1] = [WHOLE_AXIS] * (len(shape) + 2 - len(axes) + axes.count(NONE))
    if axes[0] != WHOLE_AXIS:
        raise NotKnown  # the batch axis stays as it is
    sizes = iter(shape)
    made: list[int | None] = []
    for axis in axes[1:]:
        size = 1 if axis == NONE else next(sizes)
        if isinstance(axis, Slice) and axis != WHOLE_AXIS:
            bounds = (axis.start, axis.stop, axis.step)
            start, stop, step = (None if bound == NONE else evaluate_size(bound, values) for bound in bounds)
            if size is None or (start, stop, step).count(None) != bounds.count(NONE):
                raise NotKnown
            size = len(range(*slice(start, stop, step).indices(size)))
        if axis == NONE or isinstance(axis, Slice):
            made.append(size)
    return tuple(made)


@weightless(*ELEMENTWISE)
def _same(arguments: Arguments, shape: Shape) -> Shape:
    return shape


@weightless(*BINARY)
def _broadcast(arguments: Arguments, *shapes: Shape) -> Shape:
    plain = [name for name in arguments.signature.parameters if not _is_tensor(arguments.expression(name))]
    if not all(isinstance(arguments.value(name), (int, float)) for name in plain):
        raise NotKnown
    problem = f"{OPERATIONS}{arguments.signature.name} cannot combine {listed(shapes)}"
    if len(set(map(len, shapes))) > 1:
        hint = "Give the smaller one more axes: x[:, None]."
        raise RequestError(f"{problem}: the batch axis of one of them would meet another axis.", hint=hint)
    sizes = [{*axis} - {1} for axis in zip(*shapes)]
    if any(len(size - {None}) > 1 for size in sizes):
        raise RequestError(f"{problem}.", hint="The sizes of an axis must be equal, or 1.")
    if len(shapes) > 1 and any(None in shape for shape in shapes):
        raise NotKnown
    return tuple(next(iter(size), 1) for size in sizes)


@weightless(*REDUCTIONS)
def _reduced(arguments: Arguments, shape: Shape) -> Shape:
    gone = arguments.axes("axis", shape)
    kept = (1,) if arguments.flag("keepdims") else ()
    return tuple(size for place, one in enumerate(shape) for size in (kept if place in gone else (one,)))


@weightless("stack")
def _stacked(arguments: Arguments, *shapes: Shape) -> Shape:
    if len(set(shapes)) != 1:
        raise NotKnown
    (place,) = arguments.axes("axis", (*shapes[0], None))
    return (*shapes[0][:place], len(shapes), *shapes[0][place:])


@weightless("expand_dims")
def _expanded(arguments: Arguments, shape: Shape) -> Shape:
    (place,) = arguments.axes("axis", (*shape, None))
    return (*shape[:place], 1, *shape[place:])


@weightless("squeeze")
def _squeezed(arguments: Arguments, shape: Shape) -> Shape:
    gone = arguments.axes("axis", shape)
    if any(shape[place] != 1 for place in gone):
        raise NotKnown
    return tuple(size for place, size in enumerate(shape) if place not in gone)


@weightless("transpose")
def _transposed(arguments: Arguments, shape: Shape) -> Shape:
    batch, *axes = map(whole, arguments.listed("axes"))
    if batch != 0 or sorted(axes) != list(range(1, len(shape) + 1)):
        raise NotKnown
    return tuple(shape[place - 1] for place in axes)
