"""A class that derives from `keras.losses.Loss`."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import keras

from ..objective import Objective
from ..objective import find as find_classes
from ..rule import Kind
from . import Found


@dataclass(eq=False)
class LossSubject(Objective):
    """A loss under check."""

    kind = Kind.LOSS


def find(module: ModuleType) -> Iterator[Found]:
    """The losses that a module defines."""
    return find_classes(module, keras.losses.Loss, (keras.losses.Loss.call,), LossSubject)
