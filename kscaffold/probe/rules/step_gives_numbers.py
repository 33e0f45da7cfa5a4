"""`train_step` and `test_step` return a dictionary of numbers.

`fit` and `evaluate` write it into the logs, and callbacks compare its values: early stopping, checkpoints.

Bad:

    def train_step(self, data):
        ...
        return loss

Good:

    def train_step(self, data):
        ...
        return {"loss": loss}
"""

from ..rule import Problem
from ..steps import Trainee, trains_itself
from ..subject import Defects, Subject

ID = "KS513"
DOING = "is trained and tested for a step"
REQUIRES = ("KS201", "KS204", "KS512")
CAUSES = ("KS501",)
AT = ("train_step", "test_step")
FIX = 'Return a dictionary of scalars: {"loss": loss}, or {m.name: m.result() for m in self.metrics}.'


def applies(subject: Subject) -> bool | str:
    """Models that have such a method of their own."""
    return (subject.defines("train_step") or subject.defines("test_step")) and trains_itself(subject)


def check(subject: Subject) -> Defects:
    """Looks at what both return; that they cannot be called at all is the finding of KS501."""
    trainee = Trainee(subject)
    for name in filter(subject.defines, ("train_step", "test_step")):
        given = trainee.step(name)
        if not isinstance(given, dict):
            kind = "nothing" if given is None else f"a {type(given).__name__}"
            yield Problem(f"{name} returns {kind} instead of a dictionary", (name,))
            continue
        for key, value in given.items():
            shape = tuple(getattr(value, "shape", ()))
            if shape:
                yield Problem(f"{name} returns {key!r} with the shape {shape} instead of a number", (name,))
