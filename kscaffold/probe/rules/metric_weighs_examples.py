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

from typing import Any

import numpy as np

from ..arrays import difference
from ..objective import BATCH, Objective, shown, takes_weights
from ..subject import Defects

ID = "KS713"
SEVERITY = "warning"
KINDS = ("metric",)
DOING = "is updated with weights"
REQUIRES = ("KS711", "KS712")
AT = ("update_state",)
FIX = "Multiply what update_state() counts by sample_weight, where it is not None."
SEEN = BATCH // 2


def applies(subject: Objective) -> bool:
    """Metrics that take them; whether one has to is the matter of KS715."""
    return takes_weights(subject.make())


def check(subject: Objective) -> Defects:
    """Compares the result for some examples with that for those and others of weight zero."""
    data = subject.given.predictions if subject.given.targets is None else subject.given.targets
    seen = np.arange(BATCH) < SEEN
    try:
        expected, weighed = weigh(subject, seen)
    except Exception:  # a metric of every number, such as one of pixels, takes a weight for each
        try:
            expected, weighed = weigh(subject, np.broadcast_to(seen.reshape(-1, *[1] * (data.ndim - 1)), data.shape))
        except Exception as error:
            yield f"update_state() fails with sample_weight: {' '.join(str(error).split())[:200]}"
            return
    if changed := difference(expected, weighed, relative=1e-4):
        yield f"examples of weight zero change its result, which is {shown(expected)} without them: {changed}"


def weigh(subject: Objective, weights: Any) -> tuple[list[Any], list[Any]]:
    """The result for the examples that are seen, and for all where the others have the weight zero."""
    weights, data = weights.astype("float32"), subject.given
    some = subject.value(subject.make(), data.part(slice(SEEN)), weights[:SEEN])
    return some, subject.value(subject.make(), data, weights)
