"""`reset_state` puts a metric back to where it began.

Keras calls it at the start of each epoch, and before it evaluates. Without it the result is one of all epochs, and of
training and validation together.

Bad:

    def __init__(self, name="best", **kwargs):
        super().__init__(name=name, **kwargs)
        self.best = self.add_weight(name="best", initializer=keras.initializers.Constant(-1e9))  # is reset to 0

Good:

    def reset_state(self):
        self.best.assign(-1e9)
"""

from ..arrays import difference
from ..objective import Objective, shown
from ..subject import Defects

ID = "KS712"
KINDS = ("metric",)
DOING = "is reset"
REQUIRES = ("KS201",)
CAUSES = ("KS715",)
AT = ("reset_state", "update_state", "__init__")
FIX = (
    "Keep all state in weights (self.add_weight), and give each its first value in reset_state(); the default is zero."
)


def check(subject: Objective) -> Defects:
    """Compares the result of a new metric with that of one that has seen other data and was reset."""
    metric, data = subject.make(), subject.given
    first = subject.value(subject.make(), data)
    if difference(first, subject.value(subject.make(), data)):
        return  # it is random
    subject.value(metric, data)
    metric.reset_state()
    after = subject.value(metric, data)
    if changed := difference(first, after):
        yield f"after reset_state() the same data give {shown(after)}, with a new metric {shown(first)}: {changed}"
