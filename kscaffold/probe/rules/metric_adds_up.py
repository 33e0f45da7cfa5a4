"""A metric gives the same for the parts of an epoch one after the other as for the whole.

`fit` updates it batch by batch, and the last batch is smaller. A metric that keeps the last value, or the mean of
means, depends on how the data are cut.

Bad:

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.error.assign(ops.mean(ops.abs(y_true - y_pred)))  # that of the last batch

Good:

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = ops.mean(ops.abs(y_true - y_pred), axis=-1)
        self.total.assign_add(ops.sum(errors))
        self.count.assign_add(ops.cast(ops.size(errors), self.dtype))
"""

from ..arrays import difference
from ..objective import Objective, shown
from ..subject import Defects

ID = "KS714"
SEVERITY = "warning"
KINDS = ("metric",)
DOING = "is updated in two parts"
REQUIRES = ("KS711", "KS712")
AT = ("update_state", "result")
FIX = "Add up sums and counts in update_state(), and divide in result()."
FIRST = 2  # examples in the first part: fewer than in the second


def check(subject: Objective) -> Defects:
    """Compares the result for a whole batch with that for a small and a larger part of it."""
    metric, data = subject.make(), subject.given
    whole = subject.value(subject.make(), data)
    subject.value(metric, data.part(slice(FIRST)))
    parts = subject.value(metric, data.part(slice(FIRST, None)))
    if difference(whole, parts, relative=1e-4):
        yield f"for a batch it gives {shown(whole)}, for its two parts one after the other {shown(parts)}"
