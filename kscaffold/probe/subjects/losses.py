"""A class that derives from `keras.losses.Loss`."""

from dataclasses import dataclass

import keras

from ..objective import Objective


@dataclass(eq=False)
class LossSubject(Objective):
    """A loss under check."""

    kinds = frozenset({"loss", "saved", "any"})
    base = keras.losses.Loss
    unfinished = ("call",)


KIND = LossSubject
