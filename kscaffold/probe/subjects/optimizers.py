"""A class that derives from `keras.optimizers.Optimizer`."""

from dataclasses import dataclass

import keras

from ..classes import Class


@dataclass(eq=False)
class OptimizerSubject(Class):
    """An optimizer under check."""

    kinds = frozenset({"optimizer", "saved", "any"})
    base = keras.optimizers.Optimizer


KIND = OptimizerSubject
