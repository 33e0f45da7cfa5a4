"""A class that derives from `keras.regularizers.Regularizer`."""

from dataclasses import dataclass

import keras

from ..classes import Class


@dataclass(eq=False)
class RegularizerSubject(Class):
    """A regularizer under check."""

    kinds = frozenset({"regularizer", "saved", "any"})
    base = keras.regularizers.Regularizer


KIND = RegularizerSubject
