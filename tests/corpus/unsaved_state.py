"""KS402 and near misses."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

register = keras.saving.register_keras_serializable("unsaved_state")


# expect: KS402
@register
class RandomProjection(layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.projection = np.random.normal(size=(input_shape[-1], self.units)).astype("float32")

    def call(self, inputs):
        return ops.matmul(inputs, ops.cast(self.projection, inputs.dtype))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


# expect: KS402
@register
class RandomOrder(layers.Layer):
    def build(self, input_shape):
        self.order = np.random.permutation(input_shape[-1])

    def call(self, inputs):
        return ops.take(inputs, self.order, axis=-1)

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS402
@register
class RandomTensor(tf.keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.offset = tf.random.normal((16,))

    def call(self, inputs):
        return inputs + ops.cast(self.offset, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class FixedTable(layers.Layer):
    """An array that is always the same need not be saved."""

    def build(self, input_shape):
        self.table = np.linspace(0.0, 1.0, input_shape[-1]).astype("float32")

    def call(self, inputs):
        return inputs * ops.cast(self.table, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class SavedProjection(layers.Layer):
    """A random array that is saved."""

    def build(self, input_shape):
        self.projection = self.add_weight(
            name="projection", shape=(input_shape[-1], 4), initializer="random_normal", trainable=False
        )

    def call(self, inputs):
        return ops.matmul(inputs, self.projection)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 4)
