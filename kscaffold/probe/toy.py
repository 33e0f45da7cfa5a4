"""A small problem and a model for it, on which what takes part in training is tried."""

from typing import Any

import keras
import numpy as np

EXAMPLES, FEATURES, BATCH = 12, 4, 4


def problem() -> tuple[Any, Any]:
    """Inputs and targets of a linear function, as arrays."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(EXAMPLES, FEATURES)).astype("float32")
    return inputs, inputs @ generator.normal(size=(FEATURES, 1)).astype("float32")


def model(**arguments: Any) -> Any:
    """A model with two layers of weights, that begin with the same values each time; arguments are for the first.

    They begin far off: weights that are all zero would be better, which is where some optimizers begin.
    """
    first = keras.layers.Dense(3, "tanh", **{"kernel_initializer": keras.initializers.GlorotUniform(5), **arguments})
    return keras.Sequential(
        [
            keras.Input((FEATURES,)),
            first,
            keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(22)),
        ]
    )
