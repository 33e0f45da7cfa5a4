"""A metric counts examples by their weights: those of weight zero change nothing.

`compile(weighted_metrics=[…])` gives `sample_weight` to `update_state`: a result that does not count it is wrong.

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

import numpy as np

from ..arrays import difference
from ..objective import BATCH, Objective, shown, takes_weights
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


def applies(subject: Objective) -> bool:
    """Metrics that take them; whether one has to is the matter of KS715."""
    return takes_weights(subject.make())


def check(subject: Objective) -> Defects:
    """Compares the result for some examples with that for those and others of weight zero."""
    metric, data = subject.make(), subject.data
    some = data.part(slice(SEEN))
    weights = np.array([1.0] * SEEN + [0.0] * (BATCH - SEEN), "float32")
    expected = subject.value(subject.make(), some, weights[:SEEN])
    if changed := difference(expected, subject.value(metric, data, weights), relative=1e-4):
        yield f"examples of weight zero change its result, which is {shown(expected)} without them: {changed}"
