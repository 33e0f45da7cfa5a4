"""An optimizer changes all trainable weights, and the loss falls.

`fit` compiles its step: Python that looks at the values of tensors, or keeps numbers in attributes, is run once.

Bad:

    def update_step(self, gradient, variable, learning_rate):
        self.assign_add(variable, gradient * learning_rate)  # up, not down

Good:

    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, gradient * ops.cast(learning_rate, variable.dtype))
"""

import numpy as np

from .. import toy
from ..arrays import numbers
from ..classes import Class
from ..subject import Defects, own_path

ID = "KS731"
KINDS = ("optimizer",)
DOING = "trains a model"
FAILURE = "cannot train a model"
REQUIRES = ("KS201",)
CAUSES = ("KS732",)
AT = ("update_step", "apply")
FIX = "Step against the gradient: self.assign_sub(variable, …), with state in the variables that build() makes."
STEPS = 40


def check(subject: Class) -> Defects:
    """Trains for some steps on one batch."""
    inputs, targets = toy.problem()
    model = toy.model()
    before = numbers(model.trainable_weights)
    model.compile(subject.make(), "mse")
    try:
        losses = [float(model.train_on_batch(inputs, targets)) for _ in range(STEPS)]
    except Exception as error:
        subject.blame(error)
    after = numbers(model.trainable_weights)
    if not np.all(np.isfinite(losses)) or not all(np.all(np.isfinite(value)) for value in after):
        yield "on a small linear problem the weights are soon not numbers"
    elif same := [
        own_path(weight) for weight, *two in zip(model.trainable_weights, before, after) if np.all(two[0] == two[1])
    ]:
        yield f"{STEPS} steps leave {', '.join(same)} as they are"
    elif min(losses[-STEPS // 4 :]) >= losses[0]:
        yield f"after {STEPS} steps on a small linear problem the loss is {losses[-1]:.4g}; it began at {losses[0]:.4g}"
