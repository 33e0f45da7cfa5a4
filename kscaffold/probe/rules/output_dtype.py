"""Symbolic outputs have the dtype that a call gives.

Keras plans a functional model with the dtype that `compute_output_spec` says; where a call gives another one, the next
layer gets what it was not built for.

Bad:

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, dtype="float32")  # call gives whole numbers

Good:

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, dtype="int32")
"""

import keras

from ..protocol import CallStyle
from ..subject import Defects, Subject

ID = "KS211"
DOING = "computes its output dtype"
FAILURE = "cannot compute its output dtype"
REQUIRES = ("KS203", "KS204")
AT = ("compute_output_spec", "compute_output_shape", "call")
FIX = "Make compute_output_spec say the dtype that call gives, or cast in call."


def applies(subject: Subject) -> bool:
    """The spec of a cell's RNN is Keras' own."""
    return subject.wanted.call is not CallStyle.CELL


def check(subject: Subject) -> Defects:
    """Compares the dtype of symbolic outputs with that of outputs."""
    symbolic = keras.tree.flatten(subject.symbolic[1])
    with subject.kept() as layer:
        actual = keras.tree.flatten(layer(*subject.arrange(subject.arrays(2))))
    expected = [keras.backend.standardize_dtype(tensor.dtype) for tensor in symbolic]
    given = [keras.backend.standardize_dtype(tensor.dtype) for tensor in actual]
    if expected != given:
        yield f"a symbolic call gives {', '.join(expected)}, a call on data {', '.join(given)}"
