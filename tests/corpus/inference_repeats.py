"""KS503 and near misses."""

import itertools

import keras
import numpy as np
from keras import layers

register = keras.saving.register_keras_serializable("inference_repeats")
NUMBERS = itertools.count(1)


def jitter(inputs):
    return inputs + np.random.normal()


# expect: KS503
@register
class NumpyNoise(layers.Layer):
    def call(self, inputs):
        return jitter(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS503
@register
class Numbered(layers.Layer):
    def call(self, inputs):
        return inputs * float(next(NUMBERS))

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class NoiseInTraining(layers.Layer):
    """Is random in training alone, with a seed that Keras knows."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1)
        self.supports_masking = True

    def call(self, inputs, training=None):
        if not training:
            return inputs * 1.0
        return inputs + keras.random.normal(keras.ops.shape(inputs), dtype=inputs.dtype, seed=self.seed_generator)

    def compute_output_shape(self, input_shape):
        return input_shape
