"""A class that derives from `keras.initializers.Initializer`."""

from dataclasses import dataclass

import keras

from ..classes import Class


@dataclass(eq=False)
class InitializerSubject(Class):
    """An initializer under check."""

    kinds = frozenset({"initializer", "saved", "any"})
    base = keras.initializers.Initializer


KIND = InitializerSubject
