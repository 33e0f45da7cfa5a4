"""What a layer of Keras makes of known input shapes: its output's shape and its number of weights, without Keras.

The rules of dense, recurrent and attention layers, of normalizations and wrappers are here, the others in the modules
beside. What no rule answers with certainty is not known: a wrong answer would be worse.
"""

import dataclasses
from collections.abc import Mapping

from kscaffold.base.errors import RequestError
from kscaffold.keras_data import catalogue
from kscaffold.keras_data.catalogue import Signature
from kscaffold.program.tree import Object
from kscaffold.spec.shapes import weightless  # noqa: F401 - registers its rules
from kscaffold.spec.shapes.rules import (
    RULES,
    WEIGHTLESS,
    Arguments,
    Inferred,
    NotKnown,
    product,
    total,
    weighted,
    whole,
    wrong_rank,
)
from kscaffold.spec.shapes.shape import Shape
from kscaffold.spec.shapes.windows import check_groups

RECURRENT = ("SimpleRNN", "LSTM", "GRU")
ATTENTION = ("Attention", "AdditiveAttention", "MultiHeadAttention")
UNKNOWN = Inferred(None, None)


def infer(call: Object, shapes: tuple[Shape | None, ...], values: Mapping[str, object]) -> Inferred:
    """What a layer makes of inputs of known shapes; a `RequestError` says why Keras refuses them.

    Args:
        call: The layer, resolved (see `resolve_call`).
        shapes: One for each input, without the batch axis; attention to oneself may be given one.
        values: What the bare words among the arguments stand for; `None` is a value that is not known.
    """
    module, _, name = call.target.rpartition(".")
    if module != "layers" or not catalogue.is_layer(name) or not shapes:
        return UNKNOWN
    arguments = Arguments(call, catalogue.find_class(name), values)
    known = tuple(shape for shape in shapes if shape is not None)
    _check_inputs(arguments.signature, len(shapes), known)
    try:
        most = 3 if name in ATTENTION else 1
        if len(known) < len(shapes) or (len(shapes) > most and not arguments.signature.merges):
            raise NotKnown
        arguments.check_conventions()
        inferred = RULES.get(name, _infer_augmentation)(arguments, *known)
        if inferred.parameters and _has_other_weights(arguments):
            return dataclasses.replace(inferred, parameters=None)
        return inferred
    except NotKnown:
        return Inferred(None, 0 if name in WEIGHTLESS else None)


def _infer_augmentation(arguments: Arguments, *shapes: Shape) -> Inferred:
    """What layers that augment images make of RGB images; what they make of others is their own affair."""
    if not arguments.signature.keeps_shape or arguments.signature.call[:1] != ("data",):
        raise NotKnown
    rgb = len(shapes) == 1 and len(shapes[0]) == 3 and shapes[0][-1] == 3
    return Inferred(shapes[0] if rgb else None, 0)


def _has_other_weights(arguments: Arguments) -> bool:
    """Whether weights are quantized, or have others beside them."""
    quantized = arguments.is_given("dtype") and "_from_" in str(arguments.value("dtype"))
    return quantized or arguments.is_given("lora_rank") or arguments.is_given("quantization_config")


def _check_inputs(signature: Signature, count: int, shapes: tuple[Shape, ...]) -> None:
    """Raises a `RequestError` unless there are as many inputs, with as many axes, as the layer takes."""
    name = signature.name
    if name in ("Attention", "AdditiveAttention") and count not in (2, 3):
        problem = f"{name} takes two or three inputs, {count} {'was' if count == 1 else 'were'} given."
        hint = "They are the query, the value and the key: for attention to itself, give the input twice."
        raise RequestError(problem, hint=hint)
    if signature.merges and count == 1:
        raise RequestError(f"{name} merges two or more inputs, one was given.")
    # Catalogued ranks are those of sample inputs: one alone is what the layer's `input_spec` demands, several only mean
    # that the samples passed. A permutation has as many axes as its argument.
    fixed = len(signature.ranks) == 1 and name not in ("Permute", "Bidirectional")
    if count == 1 and len(shapes) == 1:
        if fixed and len(shapes[0]) + 1 != signature.ranks[0]:
            raise wrong_rank(name, signature.ranks[0], shapes[0])
        if name == "Dense" and not shapes[0]:
            raise wrong_rank(name, 2, shapes[0], least=True)
        if name == "TimeDistributed" and len(shapes[0]) < 2:
            raise wrong_rank(name, 3, shapes[0], least=True)


@weighted("Dense")
def _dense(arguments: Arguments, shape: Shape) -> Inferred:
    units = arguments.size("units")
    bias = units if arguments.flag("use_bias") else 0
    return Inferred((*shape[:-1], units), total(product(shape[-1], units), bias))


@weighted("Embedding", "ReversibleEmbedding")
def _embedding(arguments: Arguments, shape: Shape) -> Inferred:
    width, count = arguments.size("output_dim"), arguments.size("input_dim")
    tables = 1 if arguments.layer == "Embedding" or arguments.flag("tie_weights") else 2
    return Inferred((*shape, width), tables * count * width)


@weighted("Normalization")
def _adapted_normalization(arguments: Arguments, shape: Shape) -> Inferred:
    axes = arguments.axes("axis", shape)
    if arguments.is_given("mean"):
        of_each = axes == (len(shape) - 1,) and [len(arguments.listed(name)) for name in ("mean", "variance")]
        return Inferred(shape, 0) if of_each == [shape[-1]] * 2 else Inferred(None, None)
    # A mean and a variance for each feature, and how many examples were seen.
    return Inferred(shape, total(product(2, *(shape[axis] for axis in axes)), 1))


@weighted("StringLookup", "IntegerLookup")
def _lookup(arguments: Arguments, shape: Shape) -> Inferred:
    mode = arguments.one_of("output_mode", ("int", "one_hot", "multi_hot", "count"))
    if mode == "int":
        return Inferred(shape, 0)
    words = arguments.value("vocabulary")
    if not isinstance(words, tuple) or arguments.is_given("max_tokens") or arguments.is_given("mask_token"):
        raise NotKnown
    size = len(words) + whole(arguments.value("num_oov_indices"))
    if mode == "one_hot" and shape[-1:] != (1,):
        return Inferred((*shape, size), 0)
    return Inferred((*shape[:-1], size), 0)


@weighted("Hashing")
def _hashing(arguments: Arguments, shape: Shape) -> Inferred:
    if arguments.one_of("output_mode", ("int", "one_hot", "multi_hot", "count")) != "int":
        raise NotKnown
    return Inferred(shape, 0)


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
        check_groups(arguments, shape, axes[0])
    return Inferred(shape, product(vectors, *(shape[axis] for axis in axes)))


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
