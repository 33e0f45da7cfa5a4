"""A regularizer gives one finite number for weights of any shape, with a gradient that is finite, too.

It is added to the loss of the model. The slope of a square root is infinite at zero, where weights often begin.

Bad:

    def __call__(self, x):
        return self.factor * ops.sqrt(ops.sum(ops.square(x)))

Good:

    def __call__(self, x):
        return self.factor * ops.sqrt(ops.sum(ops.square(x)) + keras.config.epsilon())
"""

import keras
import numpy as np

from .. import toy
from ..arrays import numbers
from ..classes import Class
from ..subject import Defects

ID = "KS751"
KINDS = ("regularizer",)
DOING = "is called on weights"
FAILURE = "cannot be called on weights"
REQUIRES = ("KS201",)
AT = ("__call__",)
FIX = "Return a scalar of keras.ops, and add keras.config.epsilon() inside of roots and to what is divided by."
SHAPES = ((toy.FEATURES, 3), (3, 3, 2, 8), (6,))


def check(subject: Class) -> Defects:
    """Calls it on random weights, then lets it train weights that are all zero."""
    generator = np.random.default_rng(0)
    failures: list[Exception] = []
    for shape in SHAPES:
        weights = keras.ops.convert_to_tensor(generator.normal(size=shape).astype("float32"))
        try:
            value = keras.ops.convert_to_numpy(subject.make()(weights))
        except Exception as error:
            failures.append(error)
            continue
        if value.shape != ():
            yield f"for weights of the shape {shape} it gives an array of the shape {value.shape}"
            return
        if not np.isfinite(value):
            yield f"for random weights of the shape {shape} it gives {value}"
            return
    if failures and (len(failures) == len(SHAPES) or subject.is_described):
        subject.blame(failures[0])
    inputs, targets = (np.zeros_like(one) for one in toy.problem())
    model = toy.model(kernel_regularizer=subject.make(), kernel_initializer="zeros")
    model.compile(keras.optimizers.SGD(0.1), "mse")
    try:
        model.train_on_batch(inputs, targets)
    except Exception as error:
        subject.blame(error)
    if not all(np.all(np.isfinite(value)) for value in numbers(model.trainable_weights)):
        yield "one step of training from weights that are zero makes them infinite or not a number"
