"""A class that derives from `keras.callbacks.Callback`."""

from dataclasses import dataclass

import keras

from ..classes import Class


@dataclass(eq=False)
class CallbackSubject(Class):
    """A callback under check."""

    kinds = frozenset({"callback", "any"})
    base = keras.callbacks.Callback
    guessed = False  # it may want data, a folder, a service


KIND = CallbackSubject
