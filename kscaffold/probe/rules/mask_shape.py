"""A mask that is passed on fits the outputs.

`supports_masking = True` says that the mask of the inputs is right for the outputs too. A layer that removes or changes
the axis of the steps passes on a mask of the wrong shape, and the next layer that uses masks fails, or masks the wrong
things.

Bad:

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        return ops.mean(inputs, axis=1)

Good:

    def compute_mask(self, inputs, mask=None):
        return None  # the outputs have no steps
"""

import keras

from ..masking import can_be_masked, mask_of, masked_inputs
from ..subject import Defects, Subject

ID = "KS508"
DOING = "is called on a masked sequence"
REQUIRES = ("KS201", "KS204")
AT = ("compute_mask", "call", "__init__")
FIX = "Define compute_mask(): it returns None where the steps are gone, or the mask of the steps that are left."


def applies(subject: Subject) -> bool:
    """Only layers that take a sequence of vectors."""
    return can_be_masked(subject)


def check(subject: Subject) -> Defects:
    """Compares the shape of the outputs' masks with that of the outputs."""
    outputs = keras.tree.flatten(subject.call(subject.make(), masked_inputs(subject, 3)))
    for output in outputs:
        mask = mask_of(output)
        if mask is not None and tuple(mask.shape) != tuple(output.shape)[: len(mask.shape)]:
            yield f"an output of shape {tuple(output.shape)} has a mask of shape {tuple(mask.shape)}"
