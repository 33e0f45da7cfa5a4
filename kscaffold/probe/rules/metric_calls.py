"""A metric takes targets and predictions, and gives a finite number or a dictionary of them.

`fit` writes results into its logs, where callbacks compare them with those of other epochs.

Bad:

    def result(self):
        return self.matches / self.count  # one for each class; none seen: not a number

Good:

    def result(self):
        return ops.mean(ops.divide_no_nan(self.matches, self.count))
"""

import keras
import numpy as np

from ..objective import Objective
from ..subject import Defects

ID = "KS711"
SEVERITY = "warning"
KINDS = ("metric",)
DOING = "is updated and asked for its result"
FAILURE = "cannot be updated and give a result"
REQUIRES = ("KS201",)
CAUSES = ("KS712", "KS713", "KS714", "KS715")
AT = ("result", "update_state")
FIX = "Return a finite scalar, or a dictionary of them, from result(): divide by ops.divide_no_nan()."


def check(subject: Objective) -> Defects:
    """Updates it once."""
    metric, data = subject.make(), subject.given
    metric.update_state(*data.tensors)
    result = metric.result()
    for name, value in result.items() if isinstance(result, dict) else [("", result)]:
        value = keras.ops.convert_to_numpy(value)
        which = f"result()[{name!r}]" if name else "result()"
        if value.shape != () and subject.defines("result"):
            yield f"{which} has the shape {value.shape}: callbacks can compare scalars only"
        elif not np.all(np.isfinite(value)):
            yield f"{which} is {value} for ordinary targets and predictions"
