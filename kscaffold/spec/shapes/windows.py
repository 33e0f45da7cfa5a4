"""What layers that move a window over an input make of its shape: poolings and convolutions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kscaffold.base.errors import RequestError
from kscaffold.spec.shapes.rules import Arguments, Inferred, NotKnown, product, total, weighted, weightless
from kscaffold.spec.shapes.shape import Shape, show_shape


@dataclass(frozen=True)
class Window:
    """A window that is moved over the spatial axes, with a number for each of them."""

    layer: str
    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: object

    @classmethod
    def of(cls, arguments: Arguments, shape: Shape) -> Window:
        """The window of a convolution."""
        rank = len(shape) - 1
        paddings = ("valid", "same", "causal") if arguments.layer == "Conv1D" else ("valid", "same")
        size, strides, dilation = (arguments.sizes(name, rank) for name in ("kernel_size", "strides", "dilation_rate"))
        window = cls(arguments.layer, size, strides, dilation, arguments.one_of("padding", paddings))
        if max(window.strides) > 1 and max(window.dilation) > 1:
            raise NotKnown  # most of these layers refuse both at once, the others leave it to the backend
        return window

    def slide(self, shape: Shape) -> Shape:
        """The sizes of the spatial axes of the output; a `RequestError` if the window is larger than the input."""
        sizes: list[int | None] = []
        for size, width, stride, rate in zip(shape[:-1], self.size, self.strides, self.dilation):
            span = rate * (width - 1) + 1 if self.padding == "valid" else 1
            if size is not None and size < span:
                dilated = f" with a dilation rate of {_by(self.dilation)}" if max(self.dilation) > 1 else ""
                problem = f"a window of {_by(self.size)}{dilated} is larger than {show_shape(shape)}."
                raise RequestError(f"{self.layer}: {problem}", hint='Use a smaller one, or padding="same".')
            sizes.append(None if size is None else (size - span) // stride + 1)
        return tuple(sizes)


def _by(sizes: tuple[int, ...]) -> str:
    """Sizes as people say them: `3 x 3`."""
    return " x ".join(map(str, sizes))


@weightless("MaxPooling1D", "MaxPooling2D", "MaxPooling3D")
@weightless("AveragePooling1D", "AveragePooling2D", "AveragePooling3D")
def _pooling(arguments: Arguments, shape: Shape) -> Shape:
    rank = len(shape) - 1
    size = arguments.sizes("pool_size", rank)
    strides = size if arguments.value("strides") is None else arguments.sizes("strides", rank)
    padding = arguments.one_of("padding", ("valid", "same"))
    return (*Window(arguments.layer, size, strides, (1,) * rank, padding).slide(shape), shape[-1])


@weightless("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D")
@weightless("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D")
def _global_pooling(arguments: Arguments, shape: Shape) -> Shape:
    return (*((1,) * (len(shape) - 1) if arguments.flag("keepdims") else ()), shape[-1])


@weighted("Conv1D", "Conv2D", "Conv3D")
def _convolution(arguments: Arguments, shape: Shape) -> Inferred:
    window = Window.of(arguments, shape)
    filters, groups = arguments.size("filters"), arguments.size("groups")
    if filters % groups:
        raise NotKnown
    check_groups(arguments, shape, len(shape) - 1)
    sizes = window.slide(shape)
    kernel = product(*window.size, shape[-1] and shape[-1] // groups, filters)
    return Inferred((*sizes, filters), total(kernel, filters * arguments.flag("use_bias")))


def check_groups(arguments: Arguments, shape: Shape, axis: int) -> None:
    """Raises a `RequestError` unless the channels can be divided into the groups that are asked for."""
    channels = shape[axis]
    if arguments.value("groups") != -1 and channels is not None and channels % (groups := arguments.size("groups")):
        divided = f"the {channels} channels of {show_shape(shape)} into {groups} groups"
        hint = "The number of channels must be a multiple of the number of groups."
        raise RequestError(f"{arguments.layer} cannot divide {divided}.", hint=hint)


@weighted("DepthwiseConv1D", "DepthwiseConv2D")
def _depthwise_convolution(arguments: Arguments, shape: Shape) -> Inferred:
    window = Window.of(arguments, shape)
    channels = product(shape[-1], arguments.size("depth_multiplier"))
    weights = math.prod(window.size) + arguments.flag("use_bias")
    return Inferred((*window.slide(shape), channels), product(channels, weights))


@weighted("SeparableConv1D", "SeparableConv2D")
def _separable_convolution(arguments: Arguments, shape: Shape) -> Inferred:
    window = Window.of(arguments, shape)
    filters = arguments.size("filters")
    between = product(shape[-1], arguments.size("depth_multiplier"))
    kernels = product(between, math.prod(window.size) + filters)
    return Inferred((*window.slide(shape), filters), total(kernels, filters * arguments.flag("use_bias")))


@weighted("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def _transposed_convolution(arguments: Arguments, shape: Shape) -> Inferred:
    window = Window.of(arguments, shape)
    filters = arguments.size("filters")
    more: tuple[int | None, ...] = (None,) * len(window.size)
    if arguments.value("output_padding") is not None:
        more = arguments.sizes("output_padding", len(window.size), at_least=0)
    sizes: list[int | None] = []
    for size, width, stride, rate, extra in zip(shape, window.size, window.strides, window.dilation, more):
        if extra is not None and extra >= stride:
            raise NotKnown
        span = rate * (width - 1) + 1
        if window.padding == "valid":
            last = max(span, stride) if extra is None else span + extra
        else:
            last = stride if extra is None else span % 2 + extra
        sizes.append(None if size is None else (size - 1) * stride + last)
    if 0 in sizes:
        raise NotKnown
    kernel = product(*window.size, filters, shape[-1])
    return Inferred((*sizes, filters), total(kernel, filters * arguments.flag("use_bias")))
