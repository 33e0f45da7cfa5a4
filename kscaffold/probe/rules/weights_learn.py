"""A training step changes every trainable weight.

A weight that no gradient reaches is saved, counted and never learned: it was forgotten in `call`, or the gradient is
cut on its way.

Bad:

    def call(self, inputs):
        return ops.stop_gradient(ops.matmul(inputs, self.kernel))

Good:

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel)
"""

from ..subject import Defects, Subject

ID = "KS502"
SEVERITY = "warning"
DOING = "is looked at after training"
REQUIRES = ("KS501",)
FIX = "Use the weight in call(), create it with trainable=False, or remove it."


def check(subject: Subject) -> Defects:
    """Looks at the weights that the training step of KS501 left as they were."""
    if subject.facts.unmoved:
        yield f"a training step does not change {', '.join(subject.facts.unmoved)}"
