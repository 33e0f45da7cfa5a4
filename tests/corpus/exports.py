"""KS403 and near misses."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

register = keras.utils.register_keras_serializable("exports")


run = getattr(tf, "numpy_function")  # noqa: B009 - the source alone shows nothing of it


def sort_rows(rows):
    return np.sort(rows, axis=-1)


# expect: KS403
@register
class SortsInPython(keras.layers.Layer):
    def call(self, inputs):
        order = run(sort_rows, [inputs], inputs.dtype)
        return inputs + tf.stop_gradient(tf.ensure_shape(order, inputs.shape) - inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class SortsInGraph(keras.layers.Layer):
    def call(self, inputs):
        return tf.sort(inputs, axis=-1)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class TwoInputs(keras.Model):
    """A dictionary, and whole numbers."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.embedding = keras.layers.Embedding(8, 4)
        self.dense = keras.layers.Dense(4)

    def build(self, input_shape):
        self.embedding.build(input_shape["ids"])
        self.dense.build(input_shape["values"])

    def call(self, inputs):
        return tf.reduce_mean(self.embedding(inputs["ids"]), axis=1) + self.dense(inputs["values"])
