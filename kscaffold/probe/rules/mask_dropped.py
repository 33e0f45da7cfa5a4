"""A layer that keeps the steps of a sequence keeps its mask.

Without `supports_masking` the mask ends at this layer: an LSTM or a pooling after it treats padding as data.

Bad:

    def call(self, inputs):
        return inputs * self.scale

Good:

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
"""

import warnings

import keras

from ..masking import can_be_masked, mask_of, masked_inputs
from ..subject import Defects, Subject

ID = "KS509"
SEVERITY = "warning"
DOING = "is called on a masked sequence, and the mask is looked for"
FAILURE = "cannot be called on a masked sequence"
REQUIRES = ("KS201", "KS204", "KS508")
AT = ("compute_mask", "__init__", "call")
FIX = "Set self.supports_masking = True in __init__(), or define compute_mask()."


def applies(subject: Subject) -> bool:
    """Layers that take a sequence of vectors and leave the mask to Keras."""
    return can_be_masked(subject) and not subject.is_model and not subject.defines("compute_mask")


def check(subject: Subject) -> Defects:
    """Looks for the mask of the inputs in outputs that have the same steps."""
    layer = subject.make()
    if layer._call_has_mask_arg:
        return
    inputs = masked_inputs(subject, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras says of it is what is found here
        outputs = keras.tree.flatten(subject.call(layer, inputs))
    steps = tuple(inputs[0].shape)[:2]
    for output in outputs:
        if len(output.shape) > 2 and tuple(output.shape)[:2] == steps and mask_of(output) is None:
            yield "the mask of its input is gone from its output, which has the same steps"
            return
