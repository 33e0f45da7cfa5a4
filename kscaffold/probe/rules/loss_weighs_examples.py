"""A loss gives a number for each example, so that weights and masks count.

`fit(sample_weight=…)`, `fit(class_weight=…)` and masks weigh examples. Keras multiplies what `call` gives by them;
where that is one number for the whole batch, all examples get the mean weight, without a word.

Bad:

    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred))

Good:

    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)
"""

import keras
import numpy as np

from ..objective import BATCH, Objective, shown
from ..subject import Defects

ID = "KS702"
SEVERITY = "warning"
KINDS = ("loss",)
DOING = "is called with weights"
FAILURE = "cannot be called with sample_weight"
REQUIRES = ("KS701",)
AT = ("__call__", "call")
FIX = "Reduce over all axes but the first in call(), and leave weights, masks and the mean of the batch to Keras."


def check(subject: Objective) -> Defects:
    """Looks at what `call` gives, then gives weights and a mask of nothing to a `__call__` of the user's."""
    loss, data = subject.make(), subject.given
    shape: tuple[int, ...] = (BATCH,)
    if type(loss).call is not keras.losses.Loss.call:
        values = loss.call(*(keras.ops.convert_to_tensor(one, dtype=loss.dtype) for one in data.tensors))
        shape = tuple(values.shape)
        if shape[:1] != (BATCH,):
            given = "one number" if shape == () else f"an array of shape {shape}"
            yield f"call() gives {given} for a batch of {BATCH}: sample_weight, class_weight and masks weigh no example"
            return
    if any(np.any(value != 0.0) for value in subject.value(loss, data)):
        weighed = subject.value(loss, data, np.zeros(shape, "float32"))
        if any(np.any(np.abs(value) > 1e-6) for value in weighed):
            yield f"with a sample_weight of zero for all examples it gives {shown(weighed)}"
            return
        if subject.defines("__call__"):
            targets, predictions = data.tensors
            predictions._keras_mask = keras.ops.zeros(tuple(predictions.shape)[:-1] or (BATCH,), dtype="bool")
            masked = float(keras.ops.max(loss(targets, predictions)))
            if abs(masked) > 1e-6:
                yield f"with a mask that hides all predictions it gives {masked:.4g}"
