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

from __future__ import annotations

from collections.abc import Iterator

import keras

from ..subject import SEED_STATE, Subject, difference

ID = "KS504"
SEVERITY = "warning"
DOING = "is called twice at inference, with other seeds"
FAILURE = "cannot be called twice at inference"
REQUIRES = ("KS201", "KS204", "KS503")
CAUSES = ("KS506",)
AT = ("call",)
FIX = "Take training=None in call(), and draw random numbers only if training."


def applies(subject: Subject) -> bool:
    """Only where there is a seed."""
    return any(SEED_STATE in variable.path for variable in subject.called.variables)


def check(subject: Subject) -> Iterator[str]:
    """Calls a layer twice, while the seeds go on."""
    arrays = subject.arrays(3)
    layer = subject.called
    seeds = [variable for variable in layer.variables if SEED_STATE in variable.path]
    with subject.kept(layer):
        first = subject.infer(arrays)
        moved = [keras.ops.convert_to_numpy(seed.value).copy() for seed in seeds]
    with subject.kept(layer):
        for seed, value in zip(seeds, moved, strict=True):
            seed.assign(value)
        second = subject.infer(arrays)
    if difference(first, second):
        yield "two calls at inference differ: it draws random numbers whatever training says"
