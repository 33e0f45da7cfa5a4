"""Random numbers that are drawn once are saved.

A random array that the constructor or `build` draws and that is not a weight is drawn anew when the model is loaded:
all that was trained on top of it is lost, without a word.

Bad:

    def build(self, input_shape):
        self.projection = np.random.normal(size=(input_shape[-1], self.units))

Good:

    def build(self, input_shape):
        self.projection = self.add_weight(
            name="projection", shape=(input_shape[-1], self.units), initializer="random_normal", trainable=False
        )
"""

from typing import Any

import keras
import numpy as np

from ..attributes import attributes, is_array
from ..subject import Defects, Subject

ID = "KS402"
DOING = "is made twice"
REQUIRES = ("KS201", "KS204")
CAUSES = ("KS301", "KS401")
AT = ("build", "__init__", "call")
FIX = "Make it a weight with trainable=False: self.add_weight(…)."


def check(subject: Subject) -> Defects:
    """Compares the arrays in the attributes of two layers that are made in the same way."""
    first, second = subject.called_itself, subject.make()
    subject.call(second, subject.arrays(2))
    kept = {name: id(getattr(first, name, None)) for name in attributes(first)}
    subject.infer(subject.arrays(2, seed=1))
    for name in attributes(first):
        if id(getattr(first, name, None)) != kept.get(name):
            continue  # a call keeps what it computed: another rule speaks of that
        one, other = getattr(first, name, None), getattr(second, name, None)
        pairs = zip(arrays_in(one), arrays_in(other), strict=False)
        if any(a.shape == b.shape and not np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs):
            yield f"self.{name} holds random numbers that are not saved: each new layer has others"


def arrays_in(value: Any) -> list[Any]:
    """The arrays in a value, or in a list or dictionary, without variables: another rule speaks of those."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
    arrays = [item for item in items if is_array(item) and not hasattr(item, "assign")]
    return [np.asarray(keras.ops.convert_to_numpy(item)) for item in arrays]
