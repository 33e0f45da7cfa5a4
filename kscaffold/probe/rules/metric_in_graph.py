"""`fit` and `evaluate` compile a metric: it gives there what it gives eagerly.

Inside of them Python runs once, for all batches: counts and lists in attributes stay as they are, and tensors have no
values that NumPy could take. Keras always gives `sample_weight`, which may be nothing.

Bad:

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.seen += 1

Good:

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.seen.assign_add(1.0)  # a weight
"""

import keras
import numpy as np

from ..arrays import difference, numbers
from ..objective import BATCH, Objective, shown, takes_weights
from ..rule import Problem
from ..subject import Defects

ID = "KS715"
KINDS = ("metric",)
DOING = "is compiled for evaluate()"
FAILURE = "cannot be compiled"
REQUIRES = ("KS711", "KS712")
AT = ("update_state", "result")
FIX = "Keep all state in weights (self.add_weight), and use keras.ops for all that depends on targets and predictions."
ROUNDS = 2


def applies(subject: Objective) -> bool:
    """Metrics that `compile` takes, of examples that have an axis of their own."""
    samples = subject.samples
    return samples is not None and samples.targets is not None and samples.predictions.ndim > 1


def check(subject: Objective) -> Defects:
    """Evaluates a model that gives the predictions, on several batches, and again."""
    metric, data = subject.make(), subject.given
    if not takes_weights(metric):
        yield Problem(
            "update_state() takes no sample_weight, which Keras always gives: it cannot be a metric of compile()",
            fix="def update_state(self, y_true, y_pred, sample_weight=None)",
        )
        return
    eager = subject.make()
    for _ in range(ROUNDS):
        expected = subject.value(eager, data)
    inputs = keras.Input(data.predictions.shape[1:])
    model = keras.Model(inputs, keras.layers.Identity()(inputs))
    model.compile(loss=lambda targets, outputs: keras.ops.mean(outputs) * 0.0, metrics=[metric], jit_compile=False)
    data_twice = [np.concatenate([one] * ROUNDS) for one in (data.predictions, data.targets)]
    for _ in range(ROUNDS):
        model.evaluate(*data_twice, batch_size=BATCH, verbose=0)
    evaluated = numbers(metric.result())
    if difference(expected, evaluated, relative=1e-4):
        yield f"evaluate() gives {shown(evaluated)}, updates without it {shown(expected)}"
