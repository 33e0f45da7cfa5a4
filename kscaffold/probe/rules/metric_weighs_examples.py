"""A metric counts examples by their weights: those of weight zero change nothing.

`compile(weighted_metrics=[…])` gives `sample_weight` to `update_state`, which fails or is wrong if it does not use it.

Bad:

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(ops.sum(ops.abs(y_true - y_pred)))

Good:

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = ops.mean(ops.abs(y_true - y_pred), axis=-1)
        if sample_weight is not None:
            errors = errors * ops.cast(sample_weight, errors.dtype)
        self.total.assign_add(ops.sum(errors))
"""

import inspect

import numpy as np

from ..arrays import difference
from ..objective import BATCH, Objective, shown
from ..subject import Defects

ID = "KS713"
SEVERITY = "warning"
KINDS = ("metric",)
DOING = "is updated with weights"
FAILURE = "cannot be updated with sample_weight"
REQUIRES = ("KS711", "KS712")
AT = ("update_state",)
FIX = "Multiply what update_state() counts by sample_weight, where it is not None."
SEEN = BATCH // 2


def check(subject: Objective) -> Defects:
    """Compares the result for some examples with that for those and others of weight zero."""
    metric, data = subject.make(), subject.data
    taken = inspect.signature(metric.update_state).parameters
    if "sample_weight" not in taken and not any(one.kind is one.VAR_KEYWORD for one in taken.values()):
        yield "update_state() takes no sample_weight: it cannot be one of the weighted_metrics of compile()"
        return
    some = data.part(slice(SEEN))
    weights = np.array([1.0] * SEEN + [0.0] * (BATCH - SEEN), "float32")
    expected = subject.value(subject.make(), some, weights[:SEEN])
    if changed := difference(expected, subject.value(metric, data, weights), relative=1e-4):
        yield f"examples of weight zero change its result, which is {shown(expected)} without them: {changed}"
