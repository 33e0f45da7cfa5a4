"""KS116 and near misses."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

register = keras.utils.register_keras_serializable("python_in_graph")


def sort_rows(values):
    return np.sort(values, axis=-1)


# expect: KS116
@register
class SortsByNumpy(keras.layers.Layer):
    def call(self, inputs):
        rows = tf.numpy_function(sort_rows, [inputs], inputs.dtype)
        return inputs + tf.stop_gradient(tf.ensure_shape(rows, inputs.shape) - inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class Sorts(keras.layers.Layer):
    """TensorFlow sorts itself; what runs Python is for the data."""

    def call(self, inputs):
        return tf.sort(inputs, axis=-1)

    def compute_output_shape(self, input_shape):
        return input_shape

    @staticmethod
    def prepare(data):
        return data.map(lambda rows: tf.numpy_function(sort_rows, [rows], tf.float32))
