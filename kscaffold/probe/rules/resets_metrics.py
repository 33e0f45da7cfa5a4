"""Metrics that training updates start anew with each epoch.

`fit` and `evaluate` reset what `model.metrics` lists, and nothing else. A metric that is missing there, because
`metrics` is overridden or because an object that Keras does not look into holds it, averages over all epochs.

Bad:

    @property
    def metrics(self):
        return [self.accuracy]  # train_step updates self.loss_tracker, too

Good:

    @property
    def metrics(self):
        return [self.loss_tracker, self.accuracy]
"""

from typing import Any

from ..arrays import difference, numbers
from ..creation import path_to
from ..steps import Trainee, trains_itself
from ..subject import Defects, Subject

ID = "KS514"
DOING = "is trained for two epochs"
REQUIRES = ("KS201", "KS204", "KS512", "KS513")
AT = ("metrics", "reset_metrics", "train_step", "compute_loss")
FIX = "List it in the metrics property, or keep it in an attribute of the model and leave metrics to Keras."


def applies(subject: Subject) -> bool | str:
    """Models that say themselves how they are trained."""
    return trains_itself(subject)


def check(subject: Subject) -> Defects:
    """Looks at the metrics of the model after steps, after `reset_metrics`, and after more steps."""
    trainee = Trainee(subject)
    before = list(map(state_of, trainee.metrics))
    steps = [name for name in ("train_step", "test_step") if subject.defines(name)] or ["train_step"]
    for name in steps:
        trainee.step(name)
    first = list(map(state_of, trainee.metrics))
    trainee.model.reset_metrics()
    reset = list(map(state_of, trainee.metrics))
    for name in steps:
        trainee.step(name)
    for metric, start, used, kept in zip(trainee.metrics, before, first, reset, strict=True):
        is_updated = difference(start, used, relative=0) and difference(kept, state_of(metric), relative=0)
        if is_updated and not difference(used, kept, relative=0):
            place = path_to(trainee.model, metric) or f"the {type(metric).__name__} {metric.name!r}"
            yield f"{place} is updated by {' and '.join(steps)}, and model.metrics does not list it: it is never reset"


def state_of(metric: Any) -> list[Any]:
    """The values of the variables of a metric."""
    return [value.copy() for value in numbers(metric.variables)]
