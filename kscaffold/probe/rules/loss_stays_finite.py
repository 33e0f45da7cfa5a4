"""The gradient of a loss is a number where predictions are exactly right.

The slope of a square root at zero is infinite, and so is that of a logarithm: one example that is predicted exactly, or
padding, makes all weights not a number.

Bad:

    def call(self, y_true, y_pred):
        return ops.sqrt(ops.sum(ops.square(y_true - y_pred), axis=-1))

Good:

    def call(self, y_true, y_pred):
        return ops.sqrt(ops.sum(ops.square(y_true - y_pred), axis=-1) + keras.config.epsilon())
"""

from ..objective import Objective
from ..subject import Defects

ID = "KS705"
SEVERITY = "warning"
KINDS = ("loss",)
DOING = "is looked at after training on predictions that are right"
REQUIRES = ("KS703",)
AT = ("call",)
FIX = "Add keras.config.epsilon() inside of roots and logarithms, and to what is divided by."


def check(subject: Objective) -> Defects:
    """Looks at the second step that KS703 made."""
    if subject.facts.breaks_when_right:
        yield "one step on predictions that are exactly right makes the weights infinite or not a number"
