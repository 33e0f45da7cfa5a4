"""A class that derives from `keras.metrics.Metric`."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import keras

from ..objective import Objective
from ..objective import find as find_classes
from ..rule import Kind
from . import Found

Metric = keras.metrics.Metric


@dataclass(eq=False)
class MetricSubject(Objective):
    """A metric under check."""

    kind = Kind.METRIC


def find(module: ModuleType) -> Iterator[Found]:
    """The metrics that a module defines."""
    return find_classes(module, Metric, (Metric.update_state, Metric.result), MetricSubject)
