"""A constraint gives finite weights of the shape and the dtype that it is given.

Keras calls it after each step of training, and assigns what it gives.

Bad:

    def __call__(self, w):
        return w / ops.norm(w, axis=0)  # what is zero becomes not a number

Good:

    def __call__(self, w):
        return w / (ops.norm(w, axis=0, keepdims=True) + keras.config.epsilon())
"""

import keras
import numpy as np

from .. import toy
from ..arrays import numbers
from ..classes import Class
from ..subject import Defects

ID = "KS761"
KINDS = ("constraint",)
DOING = "is called on weights"
FAILURE = "cannot be called on weights"
REQUIRES = ("KS201",)
CAUSES = ("KS762",)
AT = ("__call__",)
FIX = "Return what it is given, changed by keras.ops, and add keras.config.epsilon() to what is divided by."
SHAPES = ((toy.FEATURES, 3), (3, 3, 2, 8), (6,))


def check(subject: Class) -> Defects:
    """Calls it on random weights and on zeros, then trains a layer that has it."""
    generator = np.random.default_rng(0)
    failures: list[Exception] = []
    for shape in SHAPES:
        for what, array in (
            ("random weights", generator.normal(size=shape)),
            ("weights that are zero", np.zeros(shape)),
        ):
            given = keras.ops.convert_to_tensor(array.astype("float32"))
            try:
                value = keras.ops.convert_to_numpy(subject.make()(given))
            except Exception as error:
                failures.append(error)
                break
            if value.shape != shape or value.dtype != "float32":
                yield f"float32 weights of the shape {shape} become {value.dtype} of the shape {value.shape}"
                return
            if not np.all(np.isfinite(value)):
                yield f"for {what} of the shape {shape} it gives numbers that are not finite"
                return
    if failures and (len(failures) == len(SHAPES) or subject.is_described):
        subject.blame(failures[0])
    model = toy.model(kernel_constraint=subject.make())
    model.compile(keras.optimizers.SGD(0.1), "mse")
    try:
        model.train_on_batch(*toy.problem())
    except Exception as error:
        subject.blame(error)
    if not all(np.all(np.isfinite(value)) for value in numbers(model.trainable_weights)):
        yield "one step of training makes weights that are not numbers"
