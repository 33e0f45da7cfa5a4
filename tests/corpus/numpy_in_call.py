"""KS110 and near misses."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

register = keras.saving.register_keras_serializable("numpy_in_call")


# expect: KS110
@register
class NumpyMax(tf.keras.layers.Layer):
    def call(self, inputs):
        return inputs / np.max(inputs)


# expect: KS110
@register
class FloatOfTensor(layers.Layer):
    def call(self, inputs):
        total = ops.sum(inputs)
        return inputs / float(total)


# expect: KS110
@register
class IfTensor(layers.Layer):
    def call(self, inputs):
        if ops.mean(inputs) > 0:
            return inputs
        return -inputs


# expect: KS110
@register
class AsksNumpy(layers.Layer):
    def call(self, inputs):
        return inputs * inputs.numpy().max()


@register
class NumpyOnSizes(layers.Layer):
    """NumPy on sizes, which are numbers, and questions about arguments."""

    def call(self, inputs, training=None, mask=None):
        if training and mask is not None:
            inputs = inputs * 1.0
        if len(inputs.shape) > 2 and inputs.shape[-1] > 4:
            inputs = inputs * 1.0
        return inputs / float(np.sqrt(inputs.shape[-1]))

    def compute_output_shape(self, input_shape):
        return input_shape
