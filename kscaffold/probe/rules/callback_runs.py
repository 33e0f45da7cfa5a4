"""A callback takes part in `fit`, `evaluate` and `predict`.

Keras calls the methods of callbacks with the number of the batch or the epoch and with a dictionary of results, in
which `val_…` is missing without validation data.

Bad:

    def on_epoch_end(self, epoch, logs=None):
        self.best = max(self.best, logs["val_accuracy"])

Good:

    def on_epoch_end(self, epoch, logs=None):
        value = (logs or {}).get("val_accuracy")
        if value is not None:
            self.best = max(self.best, value)
"""

import numpy as np

from .. import toy
from ..arrays import numbers
from ..classes import Class
from ..subject import Defects

ID = "KS721"
KINDS = ("callback",)
DOING = "takes part in training"
FAILURE = "cannot take part in training"
REQUIRES = ("KS201",)
CAUSES = ("KS722",)
AT = ("on_train_begin", "on_epoch_end", "on_train_batch_end")
FIX = "Take what may be missing from logs by logs.get(…), and models as they are: of any class, with any loss."


def check(subject: Class) -> Defects:
    """Trains with validation data and without, evaluates and predicts."""
    inputs, targets = toy.problem()
    for validation in ((inputs, targets), None):
        model, callback = toy.model(), subject.make()
        model.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
        try:
            model.fit(
                *(inputs, targets, toy.BATCH), epochs=2, verbose=0, validation_data=validation, callbacks=[callback]
            )
            model.evaluate(inputs, targets, verbose=0, callbacks=[callback])
            model.predict(inputs, verbose=0, callbacks=[callback])
        except Exception as error:
            subject.blame(error)
        if not all(np.all(np.isfinite(value)) for value in numbers(model.weights)):
            yield "after fit() with it the weights are not numbers"
            return
