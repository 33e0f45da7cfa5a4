"""The layer can be called on data, whatever the size of the batch.

The last batch of an epoch is smaller than the others, and at inference a batch is often one example.

Bad:

    def call(self, inputs):
        return ops.reshape(inputs, (32, -1))

Good:

    def call(self, inputs):
        return ops.reshape(inputs, (ops.shape(inputs)[0], -1))
"""

from ..arrays import numbers
from ..recording import recorded_calls
from ..subject import Defects, Subject

ID = "KS204"
OF_SAVED = "classes"
DOING = "is called"
FAILURE = "cannot be called on data"
REQUIRES = ("KS201",)
CAUSES = ("KS202", "KS203", "KS205", "KS210", "KS301", "KS501")
FIX = "If it takes other inputs, say which: --input-shape SHAPE[:DTYPE]. A batch size has no place in call()."
BATCH_SIZES = (2, 3, 1)


def check(subject: Subject) -> Defects:
    """Calls one layer on batches of different sizes, as `predict` and as nobody in particular."""
    layer = subject.make()
    for batch_size in BATCH_SIZES:
        training = {"training": False} if batch_size == BATCH_SIZES[-1] and layer._call_has_training_arg else {}
        with recorded_calls(layer, batch_size) as calls:
            outputs = subject.call(layer, subject.arrays(batch_size), **training)
        if subject.facts.layers is None:
            subject.facts.layers = tuple(calls)
        for output in numbers(outputs):
            if output.shape[:1] != (batch_size,):
                yield f"a batch of {batch_size} gives an output of shape {output.shape}"
                return
