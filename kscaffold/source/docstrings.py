"""What a function that applies layers does, in words."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from kscaffold.base.naming import split_words
from kscaffold.program.value import Routine, Step, StepKind, every_step

MOST_PARTS = 4  # layers that are listed; what does more is called by its name
# What functions with a meaning do, by their names.
PHRASES = {
    "inverted_residual": "an inverted residual block",
    "residual_projection": "a residual block with a projection",
    "projection_block": "a residual block with a projection",
    "squeeze_excite": "squeeze and excitation",
    "gate": "a gate",
    "self_attention": "self-attention with a residual connection",
    "conv_block": "a block of convolutions",
    "depthwise_block": "a block with a depthwise convolution",
    "separable_block": "a block with a depthwise convolution",
}
# Layers, by how their classes begin; the first that fits.
LAYERS = {
    "Conv1DTranspose": "a transposed convolution", "Conv2DTranspose": "a transposed convolution",
    "Conv3DTranspose": "a transposed convolution", "Conv": "a convolution", "DepthwiseConv": "a depthwise convolution",
    "SeparableConv": "a separable convolution", "BatchNormalization": "batch normalization",
    "LayerNormalization": "layer normalization", "GroupNormalization": "group normalization",
    "Dense": "a dense layer", "MaxPooling": "max pooling", "AveragePooling": "average pooling",
    "GlobalAveragePooling": "global average pooling", "GlobalMaxPooling": "global max pooling",
    "UpSampling": "upsampling", "ZeroPadding": "zero padding", "Cropping": "cropping", "Activation": "an activation",
    "ReLU": "a ReLU", "MultiHeadAttention": "multi-head attention", "Dropout": "dropout",
    "SpatialDropout": "dropout", "Embedding": "an embedding", "LSTM": "an LSTM", "GRU": "a GRU",
    "Bidirectional": "a bidirectional layer", "Add": "an addition", "+": "an addition", "Multiply": "a product",
    "*": "a product", "Concatenate": "a concatenation", "Reshape": "a reshape", "Flatten": "flattening",
}  # fmt: skip


def summary(routine: Routine, functions: Mapping[str, Routine]) -> str:
    """The docstring of a function that applies layers; `functions` are all of them, by their names."""
    stem = routine.name.rstrip("0123456789")
    words = _meaning(stem)
    if words is None:
        parts = [phrase for phrase, _ in groupby(_parts(routine, functions))]
        words = _listed(parts) if 0 < len(parts) <= MOST_PARTS else _with_article(stem.replace("_", " "))
    return f"Applies {words}."


def _meaning(stem: str) -> str | None:
    """What a function does, where its name says it better than its steps."""
    spoken = stem.endswith(("_block", "stage", "_cell"))
    return PHRASES.get(stem) or (_with_article(stem.replace("_", " ")) if spoken else None)


def _parts(routine: Routine, functions: Mapping[str, Routine]) -> Iterator[str]:
    """What the steps of a function do, one after the other."""
    for step in every_step(routine.steps):
        if step.kind is StepKind.INVOKE and step.class_name in functions:
            words = _meaning(step.class_name.rstrip("0123456789"))
            yield from [words] if words else _parts(functions[step.class_name], functions)
        elif step.kind not in (StepKind.LOOP, StepKind.IF):
            yield _phrase(step)


def _phrase(step: Step) -> str:
    name = max((name for name in LAYERS if step.class_name.startswith(name)), key=len, default="")
    return LAYERS.get(name) or _with_article(" ".join(split_words(step.class_name)) or "layer")


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
