"""At inference the layer is not random.

Predictions that differ from call to call are meant in a few layers (samplers, augmentation, Monte Carlo dropout) and a
mistake in all others: `training` was not asked, or `training=True` is fixed.

Bad:

    def call(self, inputs):
        return inputs + keras.random.normal(ops.shape(inputs), seed=self.seed_generator)

Good:

    def call(self, inputs, training=None):
        if not training:
            return inputs
        return inputs + keras.random.normal(ops.shape(inputs), seed=self.seed_generator)
"""

from ..arrays import difference
from ..subject import Defects, Subject

ID = "KS504"
SEVERITY = "warning"
DOING = "is called twice at inference, with other seeds"
FAILURE = "cannot be called twice at inference"
REQUIRES = ("KS201", "KS204", "KS503")
CAUSES = ("KS506",)
FIX = "Take training=None in call(), and draw random numbers only if training."


def applies(subject: Subject) -> bool:
    """Only where there is a seed."""
    return bool(subject.seeds)


def check(subject: Subject) -> Defects:
    """Calls a layer twice, with other seeds and otherwise as it was."""
    arrays = subject.arrays(3)
    first = subject.infer(arrays)
    with subject.kept():
        for seed in subject.seeds:
            seed.assign(seed + 1)
        second = subject.infer(arrays)
    if difference(first, second):
        yield "two calls at inference differ: it draws random numbers whatever training says"
