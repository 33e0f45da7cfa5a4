"""The output shapes of Keras' layers without weights that change the axes of an input, or merge several."""

import itertools
import math

from kscaffold.base.errors import RequestError
from kscaffold.spec.shapes.rules import Arguments, NotKnown, product, total, weightless, whole, wrong_rank
from kscaffold.spec.shapes.shape import Shape, show_shape


@weightless("Activation", "ActivityRegularization", "ELU", "Identity", "LeakyReLU", "Masking", "ReLU", "Softmax")
@weightless("AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise")
@weightless("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
def _same(arguments: Arguments, shape: Shape) -> Shape:
    return shape


@weightless("Rescaling")
def _rescaling(arguments: Arguments, shape: Shape) -> Shape:
    if not all(isinstance(arguments.value(name), (int, float)) for name in ("scale", "offset")):
        raise NotKnown
    return shape


@weightless("UnitNormalization")
def _unit_normalization(arguments: Arguments, shape: Shape) -> Shape:
    arguments.axes("axis", shape)
    return shape


@weightless("Flatten")
def _flatten(arguments: Arguments, shape: Shape) -> Shape:
    return (product(*shape),)


@weightless("Reshape")
def _reshape(arguments: Arguments, shape: Shape) -> Shape:
    target = tuple(whole(size, at_least=-1) for size in arguments.listed("target_shape"))
    if target.count(-1) > 1:
        raise NotKnown
    size = product(*shape)
    if size is None:
        return tuple(None if part == -1 else part for part in target)
    fixed = math.prod(part for part in target if part != -1)
    rest = size // fixed if -1 in target and fixed else 1
    if fixed * rest != size:
        problem = f"Reshape cannot turn {show_shape(shape)} into {show_shape(target)}."
        raise RequestError(problem, hint=f"An example has {size} numbers.")
    return tuple(rest if part == -1 else part for part in target)


@weightless("Permute")
def _permute(arguments: Arguments, shape: Shape) -> Shape:
    order = [whole(dim) for dim in arguments.listed("dims")]
    if sorted(order) != list(range(1, len(order) + 1)):
        raise NotKnown
    if len(order) != len(shape):
        raise wrong_rank("Permute", len(order) + 1, shape)
    return tuple(shape[dim - 1] for dim in order)


@weightless("RepeatVector")
def _repeat_vector(arguments: Arguments, shape: Shape) -> Shape:
    return (arguments.size("n"), *shape)


@weightless("UpSampling1D", "UpSampling2D", "UpSampling3D")
def _up_sampling(arguments: Arguments, shape: Shape) -> Shape:
    if arguments.layer == "UpSampling1D":
        arguments.size("size")
    factors = arguments.sizes("size", len(shape) - 1)
    return (*(product(size, factor) for size, factor in zip(shape, factors)), shape[-1])


@weightless("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def _zero_padding(arguments: Arguments, shape: Shape) -> Shape:
    added = arguments.pairs("padding", len(shape) - 1)
    return (*(total(size, *ends) for size, ends in zip(shape, added)), shape[-1])


@weightless("Cropping1D", "Cropping2D", "Cropping3D")
def _cropping(arguments: Arguments, shape: Shape) -> Shape:
    removed = arguments.pairs("cropping", len(shape) - 1)
    sizes = [total(size, -sum(ends)) for size, ends in zip(shape, removed)]
    if any(size is not None and size <= 0 for size in sizes):
        raise RequestError(f"{arguments.layer} leaves nothing of {show_shape(shape)}.", hint="Crop less.")
    return (*sizes, shape[-1])


@weightless("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
def _merge(arguments: Arguments, *shapes: Shape) -> Shape:
    if arguments.layer == "Subtract":
        _must_be_two(arguments, shapes)
    # Axes are matched from the last one on.
    aligned = itertools.zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1)
    others = [set(sizes) - {1} for sizes in aligned]
    if any(len(sizes - {None}) > 1 for sizes in others):
        problem = f"{arguments.layer} cannot merge {listed(shapes)}."
        raise RequestError(problem, hint="The sizes of an axis must be equal, or 1.")
    return tuple(None if None in sizes else next(iter(sizes), 1) for sizes in reversed(others))


def listed(shapes: tuple[Shape, ...]) -> str:
    """Shapes in a sentence: `(None, 8) and (None, 16)`."""
    *first, last = [show_shape(shape) for shape in shapes]
    return f"{', '.join(first)} and {last}" if first else last


def _must_be_two(arguments: Arguments, shapes: tuple[Shape, ...]) -> None:
    if len(shapes) != 2:
        raise RequestError(f"{arguments.layer} takes two inputs, {len(shapes)} were given.")


@weightless("Concatenate", "concatenate")
def _concatenate(arguments: Arguments, *shapes: Shape) -> Shape:
    first = shapes[0]
    axis = arguments.value("axis")
    hint = f"All sizes but those of axis {axis} must be equal."
    name = arguments.layer if arguments.signature.group == "layers" else f"ops.{arguments.layer}"
    refusal = RequestError(f"{name} cannot merge {listed(shapes)}.", hint=hint)
    if len(set(map(len, shapes))) > 1:
        raise refusal
    (joined,) = arguments.axes("axis", first)
    if any(len({*sizes} - {None}) > 1 for index, sizes in enumerate(zip(*shapes)) if index != joined):
        raise refusal
    return (*first[:joined], total(*(shape[joined] for shape in shapes)), *first[joined + 1 :])


@weightless("Dot")
def _dot(arguments: Arguments, *shapes: Shape) -> Shape:
    _must_be_two(arguments, shapes)
    axes = arguments.value("axes")
    pair = axes if isinstance(axes, tuple) else (axes, axes)
    ranks = [len(shape) + 1 for shape in shapes]
    if len(pair) != 2 or not all(-rank < whole(axis) < rank and axis for axis, rank in zip(pair, ranks)):
        raise NotKnown
    first, second = [axis % rank - 1 for axis, rank in zip(pair, ranks)]
    sizes = {shapes[0][first], shapes[1][second]}
    if len(sizes) > 1 and None not in sizes:
        problem = f"Dot cannot merge {listed(shapes)} along the axes {pair}."
        raise RequestError(problem, hint="Both axes must have the same size.")
    rest = [shape[:axis] + shape[axis + 1 :] for shape, axis in zip(shapes, (first, second))]
    return rest[0] + rest[1] or (1,)
