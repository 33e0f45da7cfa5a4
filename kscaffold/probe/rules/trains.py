"""A model with the layer can be trained for a step.

An operation without a gradient, or a loss that is not finite, shows only here.

Bad:

    def call(self, inputs):
        return ops.log(inputs) * 0.0  # not a number for what is negative

Good:

    def call(self, inputs):
        return ops.log1p(ops.relu(inputs))
"""

import math

import keras

from ..subject import Defects, Subject
from ..training import train

ID = "KS501"
DOING = "is trained for a step"
FAILURE = "cannot be trained"
REQUIRES = ("KS201", "KS203", "KS204")
CAUSES = ("KS502", "KS511")
AT = ("train_step", "call")
FIX = "Use operations that have gradients, and keep their arguments where they are defined."


def applies(subject: Subject) -> bool | str:
    """Where Keras can train."""
    if keras.backend.backend() == "numpy":
        return "Keras cannot train on NumPy"
    outputs = subject.infer(subject.arrays(2))
    if not any(array.dtype.kind == "f" for array in outputs):
        return "its outputs are not floating-point numbers"
    if any(array.size == 0 for array in outputs):
        return "its outputs are empty for these inputs"
    return True


def check(subject: Subject) -> Defects:
    """Trains for one step towards random targets."""
    loss = train(subject)
    if not math.isfinite(loss):
        yield f"the loss of the first step is {loss}"
