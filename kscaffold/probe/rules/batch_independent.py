"""At inference, what comes out for an example does not depend on the other examples of the batch.

A mean or a softmax over the batch axis makes predictions depend on the company that they are asked in. Statistics of
batches belong in training, and are kept in weights for inference.

Bad:

    def call(self, inputs):
        return inputs - ops.mean(inputs, axis=0)

Good:

    def call(self, inputs):
        return inputs - ops.mean(inputs, axis=-1, keepdims=True)
"""

from ..arrays import difference
from ..protocol import Severity
from ..rule import Problem
from ..subject import Defects, Subject

ID = "KS506"
DOING = "is called on an example alone and in a batch"
REQUIRES = ("KS201", "KS204", "KS503")
FIX = "Compute over the axes of one example; keep statistics of batches in weights that training updates."
BATCH_SIZE = 5


def applies(subject: Subject) -> bool | str:
    """What is random cannot be compared."""
    return "its outputs at inference are random" if subject.draws_at_inference else True


def check(subject: Subject) -> Defects:
    """Compares rows of a batch with the rows alone."""
    arrays = subject.arrays(BATCH_SIZE)
    together = subject.infer(arrays)
    if any(output.shape[:1] != (BATCH_SIZE,) for output in together):
        return
    for row in (0, BATCH_SIZE - 1):
        alone = subject.infer([array[row : row + 1] for array in arrays])
        rows = [output[row : row + 1] for output in together]
        if [output.shape for output in rows] != [output.shape for output in alone]:
            # It compares the examples of a batch with each other, and that may be what it is for.
            message = "its output has the size of the batch in another axis, too: predict() cannot put batches together"
            yield Problem(message, severity=Severity.WARNING)
            return
        changed = difference(rows, alone, relative=1e-3)
        if changed:
            yield f"an example alone gives another output than in a batch of {BATCH_SIZE}: {changed}"
            return
