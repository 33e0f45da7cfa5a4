"""An initializer gives finite numbers of the shape and the dtype that are asked for.

Keras asks for the shape of a weight, and for the dtype that the policy of the layer gives its variables.

Bad:

    def __call__(self, shape, dtype=None):
        return np.random.normal(size=shape)  # float64, and other numbers than the seed of Keras says

Good:

    def __call__(self, shape, dtype=None, **kwargs):
        return keras.random.normal(shape, dtype=dtype, seed=self.seed)
"""

import keras

from ..classes import Class
from ..subject import Defects

ID = "KS741"
KINDS = ("initializer",)
DOING = "is called with a shape"
FAILURE = "cannot be called with a shape"
REQUIRES = ("KS201",)
CAUSES = ("KS742",)
AT = ("__call__",)
FIX = "Make the numbers by keras.random or keras.ops, and give them the shape and the dtype that __call__() is given."
SHAPES = ((4, 4), (3, 3, 2, 8), (6,), (5, 8), (2, 3, 4))


def check(subject: Class) -> Defects:
    """Asks for weights of several ranks; one that is for some of them only may refuse the others."""
    failures: list[Exception] = []
    for shape in SHAPES:
        for dtype in ("float32", "float16"):
            try:
                values = subject.make()(shape, dtype=dtype)
            except Exception as error:
                failures.append(error)
                break
            if tuple(values.shape) != shape:
                yield f"asked for the shape {shape} it gives {tuple(values.shape)}"
                return
            if keras.backend.standardize_dtype(values.dtype) != dtype:
                yield f"asked for {dtype} it gives {keras.backend.standardize_dtype(values.dtype)}"
                return
            if not bool(keras.ops.all(keras.ops.isfinite(values))):
                yield f"for the shape {shape} it gives numbers that are not finite"
                return
    if len(failures) == len(SHAPES):
        subject.blame(failures[0])
