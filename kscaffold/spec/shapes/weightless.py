"""The output shapes of Keras' layers without weights.

A rule is a function of the arguments and of the shapes of the inputs, without their batch axes. It raises `NotKnown`
for whatever it cannot answer with certainty, and `RequestError` for what Keras refuses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TypeVar

from kscaffold.base.errors import RequestError
from kscaffold.spec.shapes.arguments import Arguments, NotKnown, whole
from kscaffold.spec.shapes.shape import Shape, show_shape

ShapeRule = TypeVar("ShapeRule", bound=Callable[..., Shape])


def product(*sizes: int | None) -> int | None:
    """The product of sizes, `None` if one of them is not known."""
    known = [size for size in sizes if size is not None]
    return math.prod(known) if len(known) == len(sizes) else None


def total(*counts: int | None) -> int | None:
    """The sum of counts, `None` if one of them is not known."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def listed(shapes: Iterable[Shape]) -> str:
    """Shapes in a sentence: `(None, 8) and (None, 16)`."""
    *first, last = [show_shape(shape) for shape in shapes]
    return f"{', '.join(first)} and {last}" if first else last


def slide(
    arguments: Arguments,
    shape: Shape,
    window: tuple[int, ...],
    strides: tuple[int, ...],
    dilation: tuple[int, ...],
    padding: object,
) -> Shape:
    """The sizes of the spatial axes after a window has been moved over them.

    Raises:
        RequestError: The window is larger than the input, which is not padded.
    """
    sizes: list[int | None] = []
    for size, width, stride, rate in zip(shape[:-1], window, strides, dilation):
        span = rate * (width - 1) + 1 if padding == "valid" else 1
        if size is not None and size < span:
            dilated = f" with a dilation rate of {show_sizes(dilation)}" if max(dilation) > 1 else ""
            raise RequestError(
                f"{arguments.layer}: a window of {show_sizes(window)}{dilated} is larger than {show_shape(shape)}.",
                hint='Use a smaller one, or padding="same".',
            )
        sizes.append(None if size is None else (size - span) // stride + 1)
    return tuple(sizes)


def show_sizes(sizes: tuple[int, ...]) -> str:
    """Sizes as people say them: `3 x 3`."""
    return " x ".join(map(str, sizes))


WEIGHTLESS: dict[str, Callable[..., Shape]] = {}


def weightless(*layers: str) -> Callable[[ShapeRule], ShapeRule]:
    """Registers the rule of layers that never have weights."""

    def register(rule: ShapeRule) -> ShapeRule:
        WEIGHTLESS.update(dict.fromkeys(layers, rule))
        return rule

    return register


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
    given = arguments.value("target_shape")
    if not isinstance(given, tuple):
        raise NotKnown
    target = tuple(whole(size, at_least=-1) for size in given)
    if target.count(-1) > 1:
        raise NotKnown
    size = product(*shape)
    if size is None:
        return tuple(None if part == -1 else part for part in target)
    fixed = math.prod(part for part in target if part != -1)
    rest = size // fixed if -1 in target and fixed else 1
    if fixed * rest != size:
        raise RequestError(
            f"Reshape cannot turn {show_shape(shape)} into {show_shape(target)}.",
            hint=f"An example has {size} numbers.",
        )
    return tuple(rest if part == -1 else part for part in target)


@weightless("Permute")
def _permute(arguments: Arguments, shape: Shape) -> Shape:
    dims = arguments.value("dims")
    if not isinstance(dims, tuple):
        raise NotKnown
    order = [whole(dim) for dim in dims]
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
    removed = [-sum(ends) for ends in arguments.pairs("cropping", len(shape) - 1)]
    sizes = [total(size, less) for size, less in zip(shape, removed)]
    if any(size is not None and size <= 0 for size in sizes):
        raise RequestError(f"{arguments.layer} leaves nothing of {show_shape(shape)}.", hint="Crop less.")
    return (*sizes, shape[-1])


@weightless("MaxPooling1D", "MaxPooling2D", "MaxPooling3D")
@weightless("AveragePooling1D", "AveragePooling2D", "AveragePooling3D")
def _pooling(arguments: Arguments, shape: Shape) -> Shape:
    rank = len(shape) - 1
    window = arguments.sizes("pool_size", rank)
    strides = window if arguments.value("strides") is None else arguments.sizes("strides", rank)
    padding = arguments.one_of("padding", ("valid", "same"))
    return (*slide(arguments, shape, window, strides, (1,) * rank, padding), shape[-1])


@weightless("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D")
@weightless("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D")
def _global_pooling(arguments: Arguments, shape: Shape) -> Shape:
    return (*((1,) * (len(shape) - 1) if arguments.flag("keepdims") else ()), shape[-1])


@weightless("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
def _merge(arguments: Arguments, *shapes: Shape) -> Shape:
    if arguments.layer == "Subtract":
        _must_be_two(arguments, shapes)
    merged = shapes[0]
    for shape in shapes[1:]:
        # Axes are matched from the last one on; those that only one of the inputs has stay what they are.
        longer, shorter = (merged, shape) if len(merged) >= len(shape) else (shape, merged)
        leading = len(longer) - len(shorter)
        matched: list[int | None] = []
        for first, second in zip(longer[leading:], shorter):
            if first is None or second is None:
                matched.append(None)
            elif first == second or 1 in (first, second):
                matched.append(second if first == 1 else first)
            else:
                raise RequestError(
                    f"{arguments.layer} cannot merge {listed(shapes)}.",
                    hint="The sizes of an axis must be equal, or 1.",
                )
        merged = (*longer[:leading], *matched)
    return merged


def _must_be_two(arguments: Arguments, shapes: tuple[Shape, ...]) -> None:
    if len(shapes) != 2:
        raise RequestError(f"{arguments.layer} takes two inputs, {len(shapes)} were given.")


@weightless("Concatenate")
def _concatenate(arguments: Arguments, *shapes: Shape) -> Shape:
    first = shapes[0]
    axis = arguments.value("axis")
    refusal = RequestError(
        f"Concatenate cannot merge {listed(shapes)}.", hint=f"All sizes but those of axis {axis} must be equal."
    )
    if len({len(shape) for shape in shapes}) > 1:
        raise refusal
    (joined,) = arguments.axes("axis", first)
    for index in range(len(first)):
        if index != joined and len({shape[index] for shape in shapes} - {None}) > 1:
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
        raise RequestError(
            f"Dot cannot merge {listed(shapes)} along the axes {pair}.", hint="Both axes must have the same size."
        )
    rest = [shape[:axis] + shape[axis + 1 :] for shape, axis in zip(shapes, (first, second))]
    return rest[0] + rest[1] or (1,)


def wrong_rank(layer: str, axes: int, shape: Shape, least: bool = False) -> RequestError:
    """The error of an input with too few or too many axes."""
    few = len(shape) + 1 < axes
    return RequestError(
        f"{layer} takes inputs with {'at least ' if least else ''}{axes} axes, not {show_shape(shape)}.",
        hint=(
            "The batch axis is one of them. A Reshape before it gives more axes."
            if few
            else "The batch axis is one of them. A Reshape, a Flatten or a pooling layer before it leaves fewer axes."
        ),
    )
