"""A constraint leaves weights that it made as they are.

It is called after every step: one that changes what it allowed itself lets weights drift, however small the steps are.

Bad:

    def __call__(self, w):
        return 0.9 * w  # this is decay, which optimizers do

Good:

    def __call__(self, w):
        return ops.clip(w, -self.limit, self.limit)
"""

import keras
import numpy as np

from ..arrays import difference, numbers
from ..classes import Class
from ..subject import Defects
from .constraint_keeps_shape import SHAPES

ID = "KS762"
SEVERITY = "warning"
KINDS = ("constraint",)
DOING = "is called on weights that it made"
REQUIRES = ("KS761",)
AT = ("__call__",)
FIX = "Give what is allowed and nearest to the weights: what is allowed already is that itself."
NEAR = 1e-3  # iterations come close, and epsilons keep some distance


def check(subject: Class) -> Defects:
    """Calls it twice."""
    weights = np.random.default_rng(0).normal(size=SHAPES[0]).astype("float32")
    constraint = subject.make()
    once = constraint(keras.ops.convert_to_tensor(weights))
    if changed := difference(numbers(once), numbers(constraint(once)), NEAR):
        yield f"called on weights that it gave, it gives others: {changed}"
