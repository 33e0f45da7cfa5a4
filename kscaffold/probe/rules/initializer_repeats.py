"""An initializer with a seed gives the same numbers whenever it is made.

Who sets a seed wants a run that can be repeated: numbers from elsewhere make all that follows another run.

Bad:

    def __call__(self, shape, dtype=None, **kwargs):
        return keras.random.normal(shape, dtype=dtype)  # the seed is not used

Good:

    def __call__(self, shape, dtype=None, **kwargs):
        return keras.random.normal(shape, dtype=dtype, seed=self.seed)
"""

import numpy as np

from ..arguments import parameters
from ..arrays import numbers
from ..classes import Class
from ..subject import Defects
from .initializer_fills import SHAPES

ID = "KS742"
SEVERITY = "warning"
KINDS = ("initializer",)
DOING = "is made twice with one seed"
REQUIRES = ("KS741",)
AT = ("__call__", "__init__")
FIX = "Give self.seed to keras.random in __call__()."


def applies(subject: Class) -> bool:
    """Where it takes a seed."""
    return any(parameter.name == "seed" for parameter in parameters(subject.cls))


def check(subject: Class) -> Defects:
    """Asks for the same weights twice."""
    for shape in SHAPES:
        try:
            first, second = (numbers(subject.make(seed=7)(shape, dtype="float32")) for _ in range(2))
        except Exception:
            continue  # KS741 tells of a rank that it cannot do
        if not np.array_equal(first[0], second[0]):
            yield f"made twice with seed=7, it gives other numbers for the shape {shape}"
            return
