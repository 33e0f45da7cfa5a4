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

from collections.abc import Iterator

from ..arrays import difference, numbers
from ..subject import Subject, values_of

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
    return bool(subject.seeds)


def check(subject: Subject) -> Iterator[str]:
    """Calls a layer twice, while the seeds go on."""
    arguments = subject.arrange(subject.arrays(3))
    with subject.kept() as layer:
        first = numbers(layer(*arguments, training=False))
        moved = [values_of(seed) for seed in subject.seeds]
    with subject.kept() as layer:
        for seed, value in zip(subject.seeds, moved, strict=True):
            seed.assign(value)
        second = numbers(layer(*arguments, training=False))
    if difference(first, second):
        yield "two calls at inference differ: it draws random numbers whatever training says"
