"""A loss gives one finite number of its own dtype.

`compile(loss=…)` calls it on targets, predictions and weights, and adds what it gives to the other losses.

Bad:

    def __call__(self, y_true, y_pred):  # fit() gives sample_weight, too
        return ops.square(y_true - y_pred)

Good:

    def call(self, y_true, y_pred):  # Keras weighs, masks and averages what it gives
        return ops.mean(ops.square(y_true - y_pred), axis=-1)
"""

import numpy as np

from ..objective import Objective
from ..subject import Defects

ID = "KS701"
KINDS = ("loss",)
DOING = "is called on targets and predictions"
REQUIRES = ("KS201",)
CAUSES = ("KS702", "KS703", "KS704", "KS705")
AT = ("__call__", "call")
FIX = "Return one finite number for each example from call(self, y_true, y_pred), and leave __call__() to Keras."


def check(subject: Objective) -> Defects:
    """Calls it as `fit` does, with no weights."""
    loss, data = subject.make(), subject.given
    if getattr(loss, "reduction", None) in (None, "none"):
        return
    for value in subject.value(loss, data):
        if value.shape != ():
            yield f"it gives an array of shape {value.shape} instead of one number"
        elif not np.isfinite(value):
            yield f"it gives {float(value)} for ordinary targets and predictions"
        elif str(value.dtype) != loss.dtype:
            yield f"it gives {value.dtype}, and its dtype is {loss.dtype}"
