"""A class that derives from `keras.metrics.Metric`."""

from dataclasses import dataclass

import keras

from ..objective import Objective


@dataclass(eq=False)
class MetricSubject(Objective):
    """A metric under check."""

    kinds = frozenset({"metric", "saved", "any"})
    base = keras.metrics.Metric
    unfinished = ("update_state", "result")


KIND = MetricSubject
