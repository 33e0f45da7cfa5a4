"""KS511 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("gradient_reaches_inputs")


# expect: KS511
@register
class Rounds(layers.Layer):
    def call(self, inputs):
        return ops.round(inputs * 4.0) / 4.0

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS511
@register
class Detaches(layers.Layer):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(ops.stop_gradient(inputs))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@register
class StraightThrough(layers.Layer):
    def call(self, inputs):
        return inputs + ops.stop_gradient(ops.round(inputs) - inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class Normalizes(layers.Layer):
    """Its outputs stay the same for inputs that are all twice as large, or all larger by one."""

    def call(self, inputs):
        centered = inputs - ops.mean(inputs, axis=-1, keepdims=True)
        return centered / ops.sqrt(ops.mean(ops.square(centered), axis=-1, keepdims=True) + 1e-9)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class Compares(layers.Layer):
    """The distance of two inputs."""

    def call(self, first, second):
        return ops.sqrt(ops.sum(ops.square(first - second), axis=-1, keepdims=True) + 1e-9)

    def compute_output_shape(self, first_shape, second_shape):
        return (*first_shape[:-1], 1)
