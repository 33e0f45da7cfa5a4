"""A class that derives from `keras.constraints.Constraint`."""

from dataclasses import dataclass

import keras

from ..classes import Class


@dataclass(eq=False)
class ConstraintSubject(Class):
    """A constraint under check."""

    kinds = frozenset({"constraint", "saved", "any"})
    base = keras.constraints.Constraint


KIND = ConstraintSubject
