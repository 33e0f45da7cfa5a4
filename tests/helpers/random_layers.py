"""Random commands `kscaffold layer …`: templates, arguments, weights, sublayers, masks, and bodies of expressions."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from kscaffold.library.templates import Catalogue

TEMPLATES = [template.name for template in Catalogue().of_kind("layer")]
ARGUMENTS = (
    *("units:int=4", "units:int", "width:int=3", "rate:float=0.1", "scale_by:float=2.0", "use_it:bool=True"),
    *("mode:str=fast", "mode", "sizes:tuple=(2, 3)", "table:list=[1, 2]", "extra:any={'a': 1}", "extra:any"),
    *("activation=relu", "activation", "act:activation=gelu", "act:activation=None"),
    *("kernel_initializer=glorot_uniform", "first:initializer", "first:initializer=RandomNormal(stddev=0.1)"),
    *("factor:regularizer", "factor:regularizer=None", "factor:regularizer=L2(0.001)", "kernel_regularizer=l2"),
    *("limit:constraint", "limit:constraint=MaxNorm(2)", "limit:constraint=non_neg", "bias_constraint=UnitNorm()"),
    *("inner:layer", "inner:layer=None", "inner:layer=Dense(4, relu)", "use_bias:bool=False", "epsilon:float=1e-3"),
)
WEIGHTS = (
    *("kernel: input_dim, units", "kernel: input_dim, 4", "bias: input_dim", "bias: units", "offset: 4, zeros"),
    *("scale: input_dim", "gamma:", "shift: input_dim, Constant(0.5)", "extra_table: 3, 4", "alpha: input_shape[-1]"),
)
STATES = ("calls:", "mean: input_dim", "history: 4, input_dim, zeros")
SUBLAYERS = (
    *("Dense(units, relu)", "Dense(4)", "Dense(6, kernel_regularizer=L2(1e-3)) x2", "Dropout(0.2)", "Dropout(rate)"),
    *("LayerNormalization()", "BatchNormalization()", "Activation(gelu)", "ReLU()", "Softmax()", "UnitNormalization()"),
    *("LSTM(3, return_sequences=True)", "GRU(3)", "Bidirectional(LSTM(2))", "TimeDistributed(Dense(2))"),
    *("MultiHeadAttention(2, 3)", "Attention()", "Conv1D(3, 2, padding=same)", "Conv1D(3, 2, strides=2)"),
    *("GlobalAveragePooling1D()", "Flatten()", "AveragePooling1D(2)", "ZeroPadding1D(1)", "UpSampling1D(2)"),
    *("Add()", "Concatenate()", "Multiply()", "Dot(axes=-1)", "Permute((2, 1))", "RepeatVector(3)", "Reshape((-1,))"),
    *("Conv2D(3, 2)", "GlobalMaxPooling2D()", "SpatialDropout1D(0.1)", "GaussianNoise(0.1)", "Identity()"),
)
SHAPES = ("16", "6,8", "8,4", "6,6,4", "4,5,5,3")
FEATURES = ("--training", "--mask", "--loss", "--seed")
CHAINED = (
    *("Dense(units, relu)", "Dense(input_dim)", "Dense(4)", "Dropout(0.1)", "LayerNormalization()", "Activation(gelu)"),
    *("ops.tanh", "ops.mean(axis=-1, keepdims=True)", "ops.softmax(axis=-1)", "GlobalAveragePooling1D()", "Flatten()"),
    *("GRU(3)", "LSTM(4, return_sequences=True)", "Conv1D(3, 2, padding=same)", "ops.expand_dims(axis=1)"),
    *("RMSNormalization()", "ops.max(axis=1)", "BatchNormalization()", "Dense(input_dim // 2, tanh)"),
)


def some(source: random.Random, flag: str, texts: Sequence[str], most: int) -> Iterator[str]:
    """A flag with some of the texts, each of another name."""
    names: set[str] = set()
    for text in source.sample(texts, source.randint(0, most)):
        name = text.replace("=", ":").partition(":")[0]
        if name not in names:
            names.add(name)
            yield from (flag, text)


def expression(source: random.Random, depth: int = 0) -> str:
    """An expression that may be a body."""
    if depth > 2 or source.random() < 0.2:
        return source.choice(("inputs", "inputs", "inputs", "inputs * gamma", "(inputs + bias)", "act(inputs)"))
    inner = expression(source, depth + 1)
    match source.randrange(7):
        case 0:
            other = source.choice((expression(source, depth + 1), "gamma", "2", "0.5"))
            return f"({inner} {source.choice('+-*')} {other} / 2)"
        case 1:
            operation = source.choice(("tanh", "square", "abs", "sigmoid", "relu", "stop_gradient"))
            return f"ops.{operation}({inner})"
        case 2:
            return f"ops.tanh({inner}){source.choice(('[:, 0]', '[:, :2]', '[..., None]', '[:, -1:]', '[..., 1]'))}"
        case 3:
            return f"ops.where({inner} > 0, {expression(source, depth + 1)}, 0.0)"
        case 4:
            return f"ops.concatenate([{inner}, {expression(source, depth + 1)}], axis=-1)"
    chain = " -> ".join(source.choice(CHAINED) for _ in range(source.randint(1, 3)))
    return f"({inner} -> {chain})"


def body(source: random.Random) -> list[str]:
    """The flags of a layer whose body is an expression, with what it names."""
    texts = [expression(source) for _ in range(source.choice((1, 1, 1, 2)))]
    if len(texts) == 1:
        flags = ["--output", texts[0]]
    else:
        flags = [word for number, text in enumerate(texts) for word in ("--output", f"out{number}: {text}")]
    if source.random() < 0.2:
        flags += ["--input", "inputs=6,8", "--input", f"other={source.choice(('6,8', '8', '6,4'))}"]
        flags[1] = flags[1].replace("inputs", "other", 1) if ":" not in flags[1] else flags[1]
    written = " ".join(flags)
    known = {
        "units": ("--arg", "units:int=4"),
        "act": ("--arg", source.choice(("act:activation=gelu", "act:activation"))),
        "gamma": ("--weight", source.choice(("gamma: input_dim", "gamma:", "gamma: input_dim, Constant(0.5)"))),
        "bias": ("--weight", "bias: input_dim"),
    }
    flags += [word for name, added in known.items() if name in written for word in added]
    return flags + list(some(source, "--arg", ("mode:str=fast", "factor:regularizer", "limit:constraint=None"), 1))


def random_layer(source: random.Random) -> list[str]:
    """The words of a command behind `kscaffold layer NAME`; many are refused."""
    if source.random() < 0.3:
        words = body(source)
        shapes = [source.choice(SHAPES)] if source.random() < 0.3 and "--input" not in words else []
        words += [*(["--mask"] if source.random() < 0.1 else [])]
    else:
        words = ["-t", source.choice(TEMPLATES)] if source.random() < 0.5 else []
        words += some(source, "--arg", ARGUMENTS, 3)
        words += some(source, "--weight", WEIGHTS, 2)
        words += some(source, "--state", STATES, 1) if source.random() < 0.2 else ()
        layers = source.sample(SUBLAYERS, source.choice((0, 0, 1, 1, 2, 3)))
        words += [word for number, layer in enumerate(layers) for word in ("--sublayer", f"part{number} = {layer}")]
        words += [feature for feature in FEATURES if source.random() < 0.15]
        shapes = [source.choice(SHAPES) for _ in range(source.choice((0, 0, 0, 1, 1, 2)))]
    return words + [word for shape in shapes for word in ("--input-shape", shape)]
