"""The layer can be called on inputs with an unknown batch size.

A functional model calls its layers on symbolic tensors. Code that looks at values or at the batch size fails there.

Bad:

    def call(self, inputs):
        return ops.reshape(inputs, (inputs.shape[0], inputs.shape[1] * inputs.shape[2]))

Good:

    def call(self, inputs):
        return ops.reshape(inputs, (-1, inputs.shape[1] * inputs.shape[2]))
"""

import contextlib

import keras

from ..protocol import Severity
from ..rule import Problem
from ..subject import Defects, Subject

ID = "KS203"
OF_SAVED = "classes"
DOING = "is called symbolically"
FAILURE = "cannot be called on a symbolic input"
REQUIRES = ("KS201",)
CAUSES = ("KS205", "KS210", "KS211", "KS401", "KS501")
AT = ("call", "compute_output_shape")
FIX = "Use keras.ops on the inputs, -1 for the size of the batch, and no values of tensors in Python."


def check(subject: Subject) -> Defects:
    """Calls a new layer on `keras.Input`s."""
    _, outputs = subject.symbolic
    subject.facts.input_shapes = tuple((None, *feed.shape) for feed in subject.feeds)
    subject.facts.output_shapes = tuple(tuple(tensor.shape) for tensor in keras.tree.flatten(outputs))
    fixed = [place for place, shape in enumerate(subject.facts.output_shapes) if shape and shape[0] is not None]
    if fixed:
        shape = subject.facts.output_shapes[fixed[0]]
        message = f"the output shape {shape} has a fixed batch size for an input of any batch size"
        yield Problem(message, severity=Severity.WARNING if are_same_for_all(subject, fixed) else None)


def are_same_for_all(subject: Subject, places: list[int]) -> bool:
    """Whether some outputs have one shape whatever the batch, such as a table of positions: that may be meant."""
    with contextlib.suppress(Exception):  # of a call on data, which another rule tries
        few, many = ([output.shape for output in subject.infer(subject.arrays(size))] for size in (2, 3))
        return all(few[place] == many[place] for place in places)
    return False
