"""KS115 and near misses."""

import keras
import tensorflow as tf
from keras import layers, ops

register = keras.saving.register_keras_serializable("bound_to_tensorflow")


# expect: KS115
@register
class UnitNorm(layers.Layer):
    def call(self, inputs):
        return inputs / (tf.norm(inputs, axis=-1, keepdims=True) + 1e-3)

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS115
@register
class InMethod(layers.Layer):
    def call(self, inputs):
        return self._squared(inputs) + ops.zeros_like(inputs)

    def _squared(self, values):
        return tf.square(values)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class AsksForBackend(layers.Layer):
    """It uses TensorFlow where that is the backend."""

    def call(self, inputs):
        if keras.config.backend() == "tensorflow":
            return tf.square(inputs)
        return ops.square(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class OnlyTypes(layers.Layer):
    """What is not called in `call`, or computes nothing."""

    def call(self, inputs):
        with tf.name_scope("double"):
            return inputs * 2.0

    def compute_output_shape(self, input_shape):
        return tuple(tf.TensorShape(input_shape))
