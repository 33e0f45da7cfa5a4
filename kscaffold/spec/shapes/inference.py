"""What a layer of Keras makes of known input shapes: its output's shape and its number of weights, without Keras.

The rules of layers without weights are in `inference_shapes`, those of the others are here. What no rule answers with
certainty is not known: a wrong answer would be worse.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from kscaffold.base.errors import RequestError
from kscaffold.keras_data import catalogue
from kscaffold.keras_data.catalogue import Signature
from kscaffold.program.tree import Object
from kscaffold.spec.shapes.arguments import Arguments, NotKnown
from kscaffold.spec.shapes.shape import Shape, show_shape
from kscaffold.spec.shapes.weightless import WEIGHTLESS, product, slide, total, wrong_rank

RECURRENT = ("SimpleRNN", "LSTM", "GRU")
ATTENTION = ("Attention", "AdditiveAttention", "MultiHeadAttention")


@dataclass(frozen=True)
class Inferred:
    """What is known of a layer on given inputs.

    Attributes:
        shape: The shape of its output, without the batch axis; `None` where it is not known.
        parameters: How many numbers all its weights have, trainable or not; `None` where it is not known.
    """

    shape: Shape | None
    parameters: int | None


UNKNOWN = Inferred(None, None)
InferredRule = TypeVar("InferredRule", bound=Callable[..., Inferred])
WEIGHTED: dict[str, Callable[..., Inferred]] = {}


def infer(call: Object, shapes: tuple[Shape | None, ...], values: Mapping[str, object]) -> Inferred:
    """What a layer makes of inputs of known shapes.

    Args:
        call: The layer, resolved (see `resolve_call`); repeated layers are taken one after the other.
        shapes: One for each input, without the batch axis; attention to oneself may be given one.
        values: What the bare words among the arguments stand for; `None` is a value that is not known.

    Raises:
        RequestError: Keras refuses these inputs.
    """
    module, _, name = call.target.rpartition(".")
    if module != "layers" or not catalogue.is_layer(name) or not shapes:
        return UNKNOWN
    if call.repeat > 1:
        return _infer_repeated(call, shapes, values)
    arguments = Arguments(call, catalogue.find_class(name), values)
    known = tuple(shape for shape in shapes if shape is not None)
    _check_inputs(arguments.signature, len(shapes), known)
    try:
        most = 3 if name in ATTENTION else 1
        if len(known) < len(shapes) or (len(shapes) > most and not arguments.signature.merges):
            raise NotKnown
        arguments.check_conventions()
        if name in WEIGHTLESS:
            return Inferred(WEIGHTLESS[name](arguments, *known), 0)
        return _infer_weighted(arguments, known)
    except NotKnown:
        return Inferred(None, 0 if name in WEIGHTLESS else None)


def _infer_repeated(call: Object, shapes: tuple[Shape | None, ...], values: Mapping[str, object]) -> Inferred:
    if len(shapes) > 1:
        return UNKNOWN
    one = dataclasses.replace(call, repeat=1)
    made = Inferred(shapes[0], 0)
    for _ in range(call.repeat):
        step = infer(one, (made.shape,), values)
        made = Inferred(step.shape, total(made.parameters, step.parameters))
    return made


def _infer_weighted(arguments: Arguments, shapes: tuple[Shape, ...]) -> Inferred:
    signature = arguments.signature
    if signature.keeps_shape and signature.call[:1] == ("data",):
        # Layers that augment images. What they make of other inputs than RGB images is their own affair.
        rgb = len(shapes) == 1 and len(shapes[0]) == 3 and shapes[0][-1] == 3
        return Inferred(shapes[0] if rgb else None, 0)
    if arguments.layer not in WEIGHTED:
        return UNKNOWN
    inferred = WEIGHTED[arguments.layer](arguments, *shapes)
    quantized = arguments.is_given("dtype") and "_from_" in str(arguments.value("dtype"))
    if quantized or arguments.is_given("lora_rank") or arguments.is_given("quantization_config"):
        return Inferred(inferred.shape, None)
    return inferred


def _check_inputs(signature: Signature, count: int, shapes: tuple[Shape, ...]) -> None:
    """Raises unless there are as many inputs, with as many axes, as the layer takes.

    Raises:
        RequestError: Keras refuses them.
    """
    name = signature.name
    if name in ("Attention", "AdditiveAttention") and count not in (2, 3):
        raise RequestError(
            f"{name} takes two or three inputs, {count} {'was' if count == 1 else 'were'} given.",
            hint="They are the query, the value and the key: for attention to itself, give the input twice.",
        )
    if signature.merges and count == 1:
        raise RequestError(f"{name} merges two or more inputs, one was given.")
    # Catalogued ranks are those of sample inputs: one alone is what the layer's `input_spec` demands, several only mean
    # that the samples passed. A permutation has as many axes as its argument.
    fixed = len(signature.ranks) == 1 and name not in ("Permute", "Bidirectional")
    recurrent = signature.call[:1] == ("sequences",)
    if count > 1 and not recurrent and (fixed or name in ("Dense", "Flatten", "Permute")):
        raise RequestError(f"{name} takes one input, {count} were given.", hint="Merge them before: with Concatenate.")
    if count == 1 and len(shapes) == 1:
        if fixed and len(shapes[0]) + 1 != signature.ranks[0]:
            raise wrong_rank(name, signature.ranks[0], shapes[0])
        if name == "Dense" and not shapes[0]:
            raise wrong_rank(name, 2, shapes[0], least=True)
        if name == "TimeDistributed" and len(shapes[0]) < 2:
            raise wrong_rank(name, 3, shapes[0], least=True)


def weighted(*layers: str) -> Callable[[InferredRule], InferredRule]:
    """Registers the rule of layers that may have weights; of one input, but for attention."""

    def register(rule: InferredRule) -> InferredRule:
        WEIGHTED.update(dict.fromkeys(layers, rule))
        return rule

    return register


@weighted("Dense")
def _dense(arguments: Arguments, shape: Shape) -> Inferred:
    units = arguments.size("units")
    bias = units if arguments.flag("use_bias") else 0
    return Inferred((*shape[:-1], units), total(product(shape[-1], units), bias))


@weighted("Embedding")
def _embedding(arguments: Arguments, shape: Shape) -> Inferred:
    width = arguments.size("output_dim")
    return Inferred((*shape, width), arguments.size("input_dim") * width)


@weighted("Normalization")
def _adapted_normalization(arguments: Arguments, shape: Shape) -> Inferred:
    arguments.axes("axis", shape)
    return Inferred(None if arguments.is_given("mean") else shape, None)


@weighted("PReLU")
def _prelu(arguments: Arguments, shape: Shape) -> Inferred:
    shared: tuple[int, ...] = ()
    if (given := arguments.value("shared_axes")) is not None:
        shared = arguments.axes("shared_axes", shape)
        if min(given if isinstance(given, tuple) else (given,), default=1) < 0:
            raise NotKnown  # Keras counts them from another end than elsewhere
    return Inferred(shape, product(*(1 if axis in shared else size for axis, size in enumerate(shape))))


@weighted("BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization")
def _normalization(arguments: Arguments, shape: Shape) -> Inferred:
    axes = arguments.axes("axis", shape)
    vectors = 1
    if arguments.layer != "RMSNormalization":
        vectors = arguments.flag("scale") + arguments.flag("center")
    if arguments.layer in ("BatchNormalization", "GroupNormalization") and isinstance(arguments.value("axis"), tuple):
        raise NotKnown
    if arguments.layer == "BatchNormalization":
        vectors += 5 if arguments.flag("renorm") else 2
    if arguments.layer == "GroupNormalization":
        _check_groups(arguments, shape, axes[0])
    return Inferred(shape, product(vectors, *(shape[axis] for axis in axes)))


def _check_groups(arguments: Arguments, shape: Shape, axis: int) -> None:
    channels = shape[axis]
    if arguments.value("groups") != -1 and channels is not None and channels % arguments.size("groups"):
        raise RequestError(
            f"{arguments.layer} cannot divide the {channels} channels of {show_shape(shape)} "
            f"into {arguments.size('groups')} groups.",
            hint="The number of channels must be a multiple of the number of groups.",
        )


@dataclass(frozen=True)
class _Window:
    """The arguments that all convolutions have."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: object
    bias: bool

    @classmethod
    def of(cls, arguments: Arguments, shape: Shape) -> _Window:
        """Reads them, one number for each spatial axis."""
        rank = len(shape) - 1
        window = cls(
            arguments.sizes("kernel_size", rank),
            arguments.sizes("strides", rank),
            arguments.sizes("dilation_rate", rank),
            arguments.one_of("padding", ("valid", "same", *(("causal",) if arguments.layer == "Conv1D" else ()))),
            arguments.flag("use_bias"),
        )
        if max(window.strides) > 1 and max(window.dilation) > 1:
            raise NotKnown  # most of these layers refuse both at once, the others leave it to the backend
        return window

    def slide(self, arguments: Arguments, shape: Shape) -> Shape:
        """The sizes of the spatial axes of the output."""
        return slide(arguments, shape, self.kernel, self.strides, self.dilation, self.padding)


@weighted("Conv1D", "Conv2D", "Conv3D")
def _convolution(arguments: Arguments, shape: Shape) -> Inferred:
    window = _Window.of(arguments, shape)
    filters, groups, channels = arguments.size("filters"), arguments.size("groups"), shape[-1]
    if filters % groups:
        raise NotKnown
    _check_groups(arguments, shape, len(shape) - 1)
    sizes = window.slide(arguments, shape)
    kernel = product(*window.kernel, None if channels is None else channels // groups, filters)
    return Inferred((*sizes, filters), total(kernel, filters * window.bias))


@weighted("DepthwiseConv1D", "DepthwiseConv2D")
def _depthwise_convolution(arguments: Arguments, shape: Shape) -> Inferred:
    window = _Window.of(arguments, shape)
    channels = product(shape[-1], arguments.size("depth_multiplier"))
    sizes = window.slide(arguments, shape)
    return Inferred((*sizes, channels), product(channels, math.prod(window.kernel) + window.bias))


@weighted("SeparableConv1D", "SeparableConv2D")
def _separable_convolution(arguments: Arguments, shape: Shape) -> Inferred:
    window = _Window.of(arguments, shape)
    filters = arguments.size("filters")
    between = product(shape[-1], arguments.size("depth_multiplier"))
    sizes = window.slide(arguments, shape)
    return Inferred(
        (*sizes, filters),
        total(product(between, math.prod(window.kernel)), product(between, filters), filters * window.bias),
    )


@weighted("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def _transposed_convolution(arguments: Arguments, shape: Shape) -> Inferred:
    window = _Window.of(arguments, shape)
    filters = arguments.size("filters")
    more: tuple[int | None, ...] = (None,) * len(window.kernel)
    if arguments.value("output_padding") is not None:
        more = arguments.sizes("output_padding", len(window.kernel), at_least=0)
    sizes: list[int | None] = []
    for size, width, stride, rate, extra in zip(shape, window.kernel, window.strides, window.dilation, more):
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
    kernel = product(*window.kernel, filters, shape[-1])
    return Inferred((*sizes, filters), total(kernel, filters * window.bias))


@weighted(*RECURRENT)
def _recurrent(arguments: Arguments, shape: Shape) -> Inferred:
    steps, width = shape
    units = arguments.size("units")
    if arguments.flag("stateful"):
        raise NotKnown  # the batch size would have to be known
    gates = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}[arguments.layer]
    biases = int(arguments.flag("use_bias"))
    if arguments.layer == "GRU" and arguments.flag("reset_after"):
        biases *= 2  # one for the input, one for the state
    output = (steps, units) if arguments.flag("return_sequences") else (units,)
    several = arguments.flag("return_state")
    return Inferred(None if several else output, product(gates, units, total(width, units, biases)))


def _wrapped(arguments: Arguments) -> tuple[Object, str]:
    """The layer that another one wraps, and its name."""
    layer = arguments.expression("layer")
    if not isinstance(layer, Object) or layer.repeat > 1:
        raise NotKnown
    return layer, layer.target.rpartition(".")[2]


@weighted("Bidirectional")
def _bidirectional(arguments: Arguments, shape: Shape) -> Inferred:
    layer, name = _wrapped(arguments)
    if name not in RECURRENT or arguments.is_given("backward_layer") or arguments.is_given("weights"):
        raise NotKnown
    mode = arguments.one_of("merge_mode", ("concat", "sum", "mul", "ave", None))
    once = infer(layer, (shape,), arguments.values)
    output = once.shape
    if output is not None and mode == "concat":
        output = (*output[:-1], product(output[-1], 2))
    return Inferred(output if mode else None, product(once.parameters, 2))


@weighted("TimeDistributed")
def _time_distributed(arguments: Arguments, shape: Shape) -> Inferred:
    layer, name = _wrapped(arguments)
    if name in ATTENTION:
        raise NotKnown
    try:
        each = infer(layer, (shape[1:],), arguments.values)
    except RequestError:
        raise NotKnown from None  # it is called without the checks that a layer makes of its inputs
    return Inferred(None if each.shape is None else (shape[0], *each.shape), each.parameters)


@weighted("MultiHeadAttention")
def _multi_head_attention(
    arguments: Arguments, query: Shape, value: Shape | None = None, key: Shape | None = None
) -> Inferred:
    value = query if value is None else value
    key = value if key is None else key
    if len(query) < 2 or len(query) != len(value) or value[:-1] != key[:-1]:
        raise NotKnown
    heads, key_dim = arguments.size("num_heads"), arguments.size("key_dim")
    value_dim = key_dim if arguments.value("value_dim") is None else arguments.size("value_dim")
    bias = int(arguments.flag("use_bias"))
    made: tuple[int | None, ...] = query[-1:]
    if (shape := arguments.value("output_shape")) is not None:
        made = arguments.sizes("output_shape", len(shape) if isinstance(shape, tuple) and shape else 1)
    projections = [(query[-1], key_dim), (key[-1], key_dim), (value[-1], value_dim)]
    if arguments.flag("use_gate"):
        projections.append((query[-1], value_dim))
    inner = [product(heads, width, total(features, bias)) for features, width in projections]
    return Inferred((*query[:-1], *made), total(*inner, product(*made, heads * value_dim + bias)))


@weighted("Attention", "AdditiveAttention")
def _attention(arguments: Arguments, query: Shape, value: Shape, key: Shape | None = None) -> Inferred:
    key = value if key is None else key
    if len(query) != 2 or len(value) != 2 or len(key) != 2 or query[1] != key[1] or value[0] != key[0]:
        raise NotKnown
    scale: int | None = int(arguments.flag("use_scale"))
    if arguments.layer == "AdditiveAttention":
        parameters = product(scale, query[-1]) if scale else 0
    else:
        parameters = total(scale, int(arguments.one_of("score_mode", ("dot", "concat")) == "concat"))
    return Inferred((query[0], value[1]), parameters)
