"""A model can be trained with the loss: `fit` gives what a call gives.

`fit` compiles the loss for batches of any size. Python that looks at the values of tensors, NumPy, and operations
without a gradient fail there.

Bad:

    def call(self, y_true, y_pred):
        return ops.convert_to_tensor(np.square(y_true - y_pred).mean(axis=-1))

Good:

    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)
"""

import keras
import numpy as np

from ..arrays import difference, numbers
from ..objective import Objective, gains_model
from ..subject import Defects

ID = "KS703"
KINDS = ("loss",)
DOING = "trains a model"
FAILURE = "cannot train a model"
REQUIRES = ("KS701",)
CAUSES = ("KS704", "KS705")
AT = ("call", "__call__")
FIX = "Use keras.ops for all that depends on targets and predictions, and operations that have gradients."


def applies(subject: Objective) -> bool | str:
    """Where Keras can train; Keras gives each example an axis of its own."""
    if keras.backend.backend() == "numpy":
        return "Keras cannot train on NumPy"
    return subject.samples is not None and subject.samples.predictions.ndim > 1


def check(subject: Objective) -> Defects:
    """Trains for a step, then for one on predictions that are right, and looks at what is learned."""
    loss, data = subject.make(), subject.given
    model = gains_model(data)
    model.compile(keras.optimizers.SGD(0.1), loss, jit_compile=False)
    trained = np.asarray(model.train_on_batch(data.predictions, data.targets))
    (gain,) = numbers(model.trainable_weights)
    subject.facts.teaches_nothing = bool(np.all(gain == 1.0))
    if np.any(np.isnan(gain)):
        yield "after a step of training on ordinary targets and predictions the weights are not numbers"
    expected = subject.value(loss, data)
    again = subject.value(loss, data)
    repeats = len(expected) == 1 and expected[0].shape == () and difference(expected, again) is None
    if repeats and (changed := difference(expected, [trained.reshape(())], relative=1e-4)):
        yield f"in fit() it gives another value than in a call: {changed}"
    if data.targets.shape == data.predictions.shape:
        model.set_weights([np.ones_like(gain)])
        model.train_on_batch(data.targets.astype("float32"), data.targets)
        subject.facts.breaks_when_right = not np.isfinite(numbers(model.trainable_weights)[0]).all()
