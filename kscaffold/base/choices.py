"""What flags and settings choose among; in a module of its own, because every `--help` names it."""

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
