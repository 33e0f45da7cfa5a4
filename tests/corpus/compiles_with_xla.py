"""KS213 and near misses."""

import tensorflow as tf
from tensorflow import keras

register = keras.utils.register_keras_serializable("compiles_with_xla")


@register
class Same(keras.layers.Layer):
    def compute_output_shape(self, input_shape):
        return input_shape

    def call(self, inputs):
        return inputs * 2.0


# expect: KS213
@register
class MeanOfPositive(Same):
    def call(self, inputs):
        size = tf.size(tf.boolean_mask(inputs, inputs > 0.0))
        return inputs * tf.stop_gradient(tf.cast(tf.cast(size, tf.float32) * 0.0 + 2.0, inputs.dtype))


# expect: KS213
@register
class AsText(Same):
    def call(self, inputs):
        length = tf.strings.length(tf.strings.as_string(tf.cast(inputs, tf.float32)))
        return inputs * (tf.cast(length, inputs.dtype) * 0.0 + 1.0)


@register
class PositiveOnly(Same):
    """Has the shape of its input, whatever the values are."""

    def call(self, inputs):
        return tf.where(inputs > 0.0, inputs, 0.0)


@register
class SaysSo(Same):
    """Keras compiles it without XLA."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_jit = False

    def call(self, inputs):
        size = tf.size(tf.boolean_mask(inputs, inputs > 0.0))
        return inputs * tf.stop_gradient(tf.cast(tf.cast(size, tf.float32) * 0.0 + 2.0, inputs.dtype))
