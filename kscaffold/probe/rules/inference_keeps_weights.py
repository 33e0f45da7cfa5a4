"""A call at inference leaves the weights as they are.

Moving averages that are updated at inference too make predictions depend on what was predicted before. `training` says
whether they may change.

Bad:

    def call(self, inputs):
        self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(inputs, axis=0))
        return inputs - self.mean

Good:

    def call(self, inputs, training=None):
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(inputs, axis=0))
        return inputs - self.mean
"""

from collections.abc import Iterator

import numpy as np

from ..subject import SEED_STATE, Subject, own_path, values_of

ID = "KS510"
SEVERITY = "warning"
DOING = "is called at inference and its weights are compared"
FAILURE = "cannot be called at inference"
REQUIRES = ("KS201", "KS204")
CAUSES = ("KS506", "KS401", "KS301", "KS210")
AT = ("call",)
FIX = "Take training=None in call(), and assign to weights only if training."


def check(subject: Subject) -> Iterator[str]:
    """Compares the variables before and after a call with training=False."""
    with subject.kept() as layer:
        watched = [variable for variable in layer.variables if SEED_STATE not in variable.path]
        before = [values_of(variable) for variable in watched]
        layer(*subject.arrange(subject.arrays(4, seed=7)), training=False)
        after = [values_of(variable) for variable in watched]
    pairs = zip(watched, before, after, strict=True)
    changed = [own_path(variable) for variable, one, other in pairs if not np.array_equal(one, other)]
    if changed:
        yield f"a call with training=False changes {', '.join(changed)}"
