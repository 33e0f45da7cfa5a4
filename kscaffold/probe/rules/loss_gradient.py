"""The gradient of a loss reaches the predictions.

A loss that counts signs, or compares, has a value and no gradient: nothing is learned.

Bad:

    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(ops.sign(y_true - y_pred)), axis=-1)

Good:

    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred), axis=-1)
"""

from ..objective import Objective
from ..subject import Defects

ID = "KS704"
SEVERITY = "warning"
KINDS = ("loss",)
DOING = "is looked at after training"
REQUIRES = ("KS703",)
AT = ("call",)
FIX = "Use operations that have gradients; what only measures belongs in a metric."


def check(subject: Objective) -> Defects:
    """Looks at the step that KS703 made."""
    if subject.facts.teaches_nothing:
        yield "no gradient reaches the predictions: training with it changes nothing"
