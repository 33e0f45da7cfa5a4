"""`compute_loss` takes what Keras gives it: `(x, y, y_pred, sample_weight)`, by position.

The steps of Keras 3 call it so, with `training=` if it has such an argument. One that was written for other code takes
one for the other, or fails in `fit` or only in `evaluate`.

Bad:

    def compute_loss(self, y, y_pred):
        return ops.mean(ops.square(y - y_pred))

Good:

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y, y_pred, sample_weight, training)
"""

import inspect

from ..subject import Defects, Subject

ID = "KS512"
DOING = "is asked what compute_loss takes"
REQUIRES = ("KS201",)
CAUSES = ("KS501", "KS513")
AT = ("compute_loss",)
FIX = "def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):"
GIVEN = ("x", "y", "y_pred", "sample_weight")


def applies(subject: Subject) -> bool:
    """Models that have such a method, which a step of Keras' calls."""
    own_steps = subject.defines("train_step") and subject.defines("test_step")
    return subject.is_model and subject.defines("compute_loss") and not own_steps


def check(subject: Subject) -> Defects:
    """Holds the arguments of the method against those that Keras gives."""
    signature = inspect.signature(subject.make().compute_loss)
    keywords = {"training": True} if "training" in signature.parameters else {}
    caller = "evaluate()" if subject.defines("train_step") else "fit() and evaluate()"
    taken = [one.name for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
    try:
        bound = signature.bind(*GIVEN, **keywords)
    except TypeError as error:
        yield f"{caller} cannot call compute_loss({', '.join(taken)}) with {', '.join(GIVEN)}: {error}"
        return
    mixed = [name for name, value in bound.arguments.items() if name in GIVEN and value != name]
    if mixed:
        yield f"{caller} gives it {', '.join(GIVEN)} in this order, and it takes {', '.join(taken)}"
