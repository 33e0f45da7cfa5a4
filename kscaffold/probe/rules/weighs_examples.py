"""A model with a `train_step` of its own uses the weights of examples.

`fit(sample_weight=…)` and `fit(class_weight=…)` give them as the third part of the data. A step that takes the first
two parts trains on, and ignores them without a word.

Bad:

    def train_step(self, data):
        x, y = data[0], data[1]

Good:

    def train_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        ...
        loss = self.compute_loss(x, y, y_pred, sample_weight)
"""

import numpy as np

from ..arrays import difference, numbers
from ..steps import Trainee, trains_itself
from ..subject import Defects, Subject

ID = "KS515"
SEVERITY = "warning"
DOING = "is trained with sample_weight"
REQUIRES = ("KS201", "KS204", "KS512", "KS513")
AT = ("train_step", "compute_loss")
FIX = "Take x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data), and hand it on to compute_loss()."


def applies(subject: Subject) -> bool | str:
    """Models whose training is not Keras' own."""
    own = subject.defines("train_step") or subject.defines("compute_loss")
    return own and trains_itself(subject)


def check(subject: Subject) -> Defects:
    """Compares what a step learns with weights of one and of zero: of targets that count, weights of zero take all."""
    trainee = Trainee(subject, rate=0.1)
    start = trainee.model.get_weights()

    def learned(shift: float, weight: float) -> list[np.ndarray]:
        trainee.model.set_weights(start)
        trainee.model.train_step(trainee.data(shift, weight))
        return numbers(trainee.model.trainable_weights)

    try:
        ones, zeros, others = learned(0.0, 1.0), learned(0.0, 0.0), learned(1.0, 1.0)
    except Exception:
        return  # it refuses them, or targets at all, and says so when they are given
    if difference(ones, others) and not difference(ones, zeros):
        yield "with a sample_weight of zero for all examples it learns the same: it ignores them, and class_weight too"
