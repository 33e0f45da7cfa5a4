"""What is chosen from a few words: how a model is written, and what Keras runs on."""

from enum import StrEnum


class Style(StrEnum):
    """How a model is written."""

    SUBCLASSED = "subclassed"
    FUNCTIONAL = "functional"
    SEQUENTIAL = "sequential"


class Backend(StrEnum):
    """What Keras runs on."""

    TENSORFLOW = "tensorflow"
    JAX = "jax"
    TORCH = "torch"
    NUMPY = "numpy"
