"""A layer that a process which waits for a file checks meanwhile: what Keras does at first uses is done by then."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("kscaffold_probe")
class Sample(keras.layers.Layer):  # type: ignore[misc]
    """A small dense layer, since most of what a check does is done with it."""

    def __init__(
        self, units: int = 8, activation: Any = None, kernel_initializer: Any = "glorot_uniform", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: Any) -> None:
        """Creates the weights."""
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units), initializer=self.kernel_initializer, name="kernel"
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """A product, a sum and an activation."""
        return self.activation(ops.add(ops.matmul(inputs, self.kernel), self.bias))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's, with `units` at its end."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
