"""`compute_output_shape` says what a call gives.

Keras believes it when it builds a model: a wrong answer surfaces later, in another layer.

Bad:

    def compute_output_shape(self, input_shape):
        return input_shape  # call gives self.units features

Good:

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)
"""

from typing import Any

import keras

from ..arrays import numbers
from ..subject import Defects, Subject

ID = "KS205"
OF_SAVED = "classes"
DOING = "computes its output shape"
FAILURE = "cannot compute its output shape"
REQUIRES = ("KS203", "KS204")
CAUSES = ("KS211",)
AT = ("compute_output_shape", "compute_output_spec", "call")
FIX = "Make compute_output_shape return the shape that call gives."


def check(subject: Subject) -> Defects:
    """Compares the computed shape with the shape of an output, for batches of two sizes."""
    layer = subject.callable(subject.make())
    for batch_size in (2, 3):
        arrays = subject.arrays(batch_size)
        shapes = subject.shape_arguments(layer.compute_output_shape, [tuple(array.shape) for array in arrays])
        try:
            computed = flat_shapes(layer.compute_output_shape(*shapes))
        except NotImplementedError:
            if subject.defines("compute_output_shape"):
                raise
            return  # Keras traces the call instead
        actual = [tuple(output.shape) for output in numbers(layer(*subject.arrange(arrays)))]
        if len(computed) != len(actual) or not all(map(fits, computed, actual)):
            yield f"compute_output_shape gives {show(computed)}, a call {show(actual)}, for inputs of shape {shapes}"
            return


def flat_shapes(shapes: Any) -> list[tuple[int | None, ...]]:
    """All shapes in a structure of them."""
    flat: list[tuple[int | None, ...]] = []
    keras.tree.map_shape_structure(lambda shape: flat.append(tuple(shape)), shapes)
    return flat


def fits(computed: tuple[int | None, ...], actual: tuple[int | None, ...]) -> bool:
    """Whether a shape is what was computed, `None` for what is not known before."""
    return len(computed) == len(actual) and all(a in (None, b) for a, b in zip(computed, actual, strict=True))


def show(shapes: list[tuple[int | None, ...]]) -> str:
    """Shapes for a message: a single one without brackets around it."""
    return str(shapes[0]) if len(shapes) == 1 else str(shapes)
