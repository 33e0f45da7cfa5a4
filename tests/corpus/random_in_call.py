"""KS111 and near misses."""

import random

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

register = keras.saving.register_keras_serializable("random_in_call")


# expect: KS111
@register
class NumpyNoise(layers.Layer):
    def call(self, inputs):
        return inputs + np.random.normal(size=(16,)).astype("float32")


# expect: KS111
@register
class PythonCoin(layers.Layer):
    def call(self, inputs):
        return inputs * random.random()


# expect: KS111
@register
class FixedSeed(tf.keras.layers.Layer):
    def call(self, inputs, training=None):
        if training:
            return keras.random.dropout(inputs, 0.5, seed=42)
        return inputs


@register
class KerasNoise(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(42)

    def call(self, inputs, training=None):
        if not training:
            return inputs * 1.0
        return inputs + keras.random.normal(ops.shape(inputs), dtype=inputs.dtype, seed=self.seed_generator)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class NumpyNoiseWhenEager(layers.Layer):
    """NumPy where nothing is traced."""

    def call(self, inputs):
        if keras.backend.backend() == "numpy":
            return inputs * self._drawn()
        return inputs * 1.0

    def _drawn(self):
        return np.random.normal()

    def compute_output_shape(self, input_shape):
        return input_shape
