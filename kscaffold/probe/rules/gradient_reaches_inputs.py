"""A gradient reaches the inputs, so that layers before this one can learn.

Rounding, comparing, `argmax` and `stop_gradient` have no gradient. In a layer at the beginning of a model that may be
meant; anywhere else it stops all layers before it from learning.

Bad:

    def call(self, inputs):
        return ops.round(inputs)

Good:

    def call(self, inputs):
        return inputs + ops.stop_gradient(ops.round(inputs) - inputs)
"""

from ..subject import Defects, Subject

ID = "KS511"
SEVERITY = "warning"
DOING = "is looked at after training"
REQUIRES = ("KS501",)
FIX = "If layers before it are to learn, use operations with a gradient, or pass the gradient by as above."


def check(subject: Subject) -> Defects:
    """Looks at the inputs that the training step of KS501 would leave as they are."""
    cut = subject.facts.cut
    if cut:
        which = "its input" if len(subject.feeds) == 1 else "input " + ", ".join(str(index + 1) for index in cut)
        yield f"no gradient reaches {which}"
