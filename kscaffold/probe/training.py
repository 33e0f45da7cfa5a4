"""A step of training, and what it reaches."""

from typing import Any

import keras
import numpy as np

from .arrays import alone, numbers
from .subject import Subject, own_path

BATCH = 4


class Gain(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types here
    """Multiplies by one trainable number."""

    def build(self, input_shape: Any) -> None:
        """Creates the number."""
        self.gain = self.add_weight(name="gain", shape=(), initializer="ones")

    def call(self, inputs: Any) -> Any:
        """The inputs, in floating point, times the number."""
        return keras.ops.cast(inputs, self.compute_dtype) * self.gain


def train(subject: Subject) -> float:
    """Trains a new model for a step of gradient descent towards random targets, by its own `train_step` if it has one.

    Gives the loss. What the step did not reach is among the facts of the subject.
    """
    model = subject.model()
    own = subject.defines("train_step")
    trained, gains = (model, []) if own else _with_gains(subject, model)
    arrays = subject.arrays(BATCH)
    generator = np.random.default_rng(1)
    targets = [generator.normal(size=output.shape) for output in subject.outputs(model, BATCH, training=True)]
    before = numbers(model.trainable_weights)
    # XLA would take longer to compile this one step than everything else here.
    trained.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    inputs = subject.model_arguments(arrays)[0] if own else alone(arrays)
    try:
        result = trained.train_on_batch(inputs, alone(targets))
    except Exception:
        if not own:
            raise
        result = trained.train_on_batch(inputs)  # a model of the kind of an autoencoder has no targets
    pairs = zip(model.trainable_weights, before, numbers(model.trainable_weights), strict=True)
    subject.facts.unmoved = [own_path(weight) for weight, one, other in pairs if np.array_equal(one, other)]
    subject.facts.cut = [index for index, gain in enumerate(gains) if gain and float(numbers(gain.gain)[0]) == 1.0]
    return float(np.ravel(result)[0])  # with several outputs, the total comes first


def _with_gains(subject: Subject, model: Any) -> tuple[Any, list[Gain | None]]:
    """A model around another one that has a weight before and after it: Keras trains no model without a gradient."""
    inputs = subject.symbolic_inputs()
    gains = [Gain() if tensor.dtype.startswith("float") else None for tensor in inputs]
    scaled = [gain(tensor) if gain else tensor for gain, tensor in zip(gains, inputs, strict=True)]
    outputs = keras.tree.flatten(model(*subject.model_arguments(scaled)))
    return keras.Model(alone(inputs), [Gain()(output) for output in outputs]), gains
