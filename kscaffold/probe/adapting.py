"""Layers that are called only after `adapt` has shown them data: lookups without a vocabulary, bins without limits."""

import functools
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from .arrays import ANY_NUMBER, WORDS


def adapted(made: Any) -> Any:
    """What is given, with the layers in it that know no data shown some."""
    layers: Iterable[Any] = made._flatten_layers() if isinstance(made, keras.layers.Layer) else ()
    for layer in layers:
        if isinstance(layer, _lookups()):
            if not layer.get_vocabulary(include_special_tokens=False):
                layer.adapt(list(range(ANY_NUMBER)) if isinstance(layer, keras.layers.IntegerLookup) else list(WORDS))
        elif isinstance(layer, keras.layers.Discretization) and layer.bin_boundaries is None:
            layer.adapt(np.linspace(-2.0, 2.0, 100))
    return made


@functools.cache
def _lookups() -> Any:
    return (keras.layers.StringLookup, keras.layers.IntegerLookup, keras.layers.TextVectorization)
