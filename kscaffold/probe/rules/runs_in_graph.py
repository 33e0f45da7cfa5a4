"""`predict` and `fit` compile the layer: it gives there what an eager call gives.

Inside a compiled model, tensors have no values while Python runs. `float(tensor)`, `if tensor:` and NumPy work on data
and fail, or do something else, in `fit`.

Bad:

    def call(self, inputs):
        return inputs / largest(inputs)  # a function of NumPy

Good:

    def call(self, inputs):
        return inputs / ops.max(inputs)
"""

from ..arrays import numbers
from ..subject import Defects, Subject

ID = "KS210"
DOING = "is compiled for predict()"
FAILURE = "cannot be compiled"
REQUIRES = ("KS201", "KS203", "KS204")
CAUSES = ("KS401", "KS501", "KS502", "KS506", "KS511")
FIX = "Use keras.ops for all that depends on the values of tensors: ops.cond, ops.where, ops.max, …"


def check(subject: Subject) -> Defects:
    """Compares `predict` with a call, unless two calls differ already."""
    model = subject.used_model
    model.jit_compile = False  # XLA would take longer to compile it than everything else here
    # Of one batch: a dataset around it would take longer to make than the graph.
    predicted = model.predict_on_batch(subject.model_arguments(subject.arrays(3))[0])
    if changed := subject.differ_from(model, numbers(predicted)):
        yield f"predict() gives other outputs than a call: {changed}"
