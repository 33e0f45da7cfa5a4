"""Models that say themselves how they are trained: a step of it, eagerly, and what it does."""

import contextlib
from typing import Any

import keras
import numpy as np

from .arrays import alone
from .creation import created
from .rule import CannotBeTried
from .subject import Subject
from .training import BATCH

OWN = ("train_step", "test_step", "compute_loss")


def trains_itself(subject: Subject) -> bool | str:
    """Whether a model has a step of its own, or why such a step cannot be made."""
    if not subject.is_model or not any(map(subject.defines, OWN)):
        return False
    if keras.backend.backend() not in ("tensorflow", "torch"):
        return f"on {keras.backend.backend()} a step of training has another signature"
    if subject.defines("compile"):
        return "its compile() takes arguments of its own"
    return True


class Trainee:
    """A new model that is compiled, and trained eagerly on one batch, with the data that `fit` gives.

    Args:
        subject: A model that `trains_itself`.
        rate: Of its gradient descent.
    """

    def __init__(self, subject: Subject, rate: float = 0.0) -> None:
        with created(keras.metrics.Metric) as self.metrics:  # without those that Keras makes to compile
            self.model = subject.model()
        arrays = subject.model_arguments(subject.arrays(BATCH))[0]
        self.inputs = keras.tree.map_structure(keras.ops.convert_to_tensor, arrays)
        generator = np.random.default_rng(1)
        outputs = subject.outputs(self.model, BATCH)
        self.targets = alone([generator.normal(size=output.shape).astype("float32") for output in outputs])
        self.model.compile(keras.optimizers.SGD(rate), "mse", run_eagerly=True, jit_compile=False)

    def data(self, shift: float = 0.0, weight: float | None = None) -> Any:
        """Inputs, targets that are `shift` larger than before, and the same weight for all examples if there is one."""
        targets = keras.tree.map_structure(lambda one: keras.ops.convert_to_tensor(one + shift), self.targets)
        weights = None if weight is None else keras.ops.full((BATCH,), weight, dtype="float32")
        return keras.utils.pack_x_y_sample_weight(self.inputs, targets, weights)

    def step(self, name: str = "train_step") -> Any:
        """What a step gives, on inputs and targets, or on inputs alone, as an autoencoder has it.

        Raises:
            CannotBeTried: It takes neither.
        """
        for data in (self.data(), self.inputs):
            with contextlib.suppress(Exception):  # that it cannot be trained is another finding
                return getattr(self.model, name)(data)
        raise CannotBeTried(f"its {name} fails on the data that fit() gives")
