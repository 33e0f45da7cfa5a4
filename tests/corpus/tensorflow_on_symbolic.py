"""KS105 and near misses."""

import keras
import tensorflow as tf
from keras import layers, ops


# expect: KS105
def build_averaging():
    inputs = keras.Input((6, 8))
    hidden = layers.Dense(4)(inputs)
    return keras.Model(inputs, tf.reduce_mean(hidden, axis=1))


# expect: KS105
def build_joined():
    first, second = keras.Input((8,)), keras.Input((8,))
    return keras.Model([first, second], layers.Dense(2)(tf.concat([first, second], -1)))


@keras.saving.register_keras_serializable("tensorflow_on_symbolic")
class Averages(layers.Layer):
    """TensorFlow inside of a layer is fine on TensorFlow."""

    def call(self, sequence, mask=None):
        return tf.reduce_mean(sequence, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])


def build_right():
    inputs = keras.Input((6, 8))
    return keras.Model(inputs, ops.mean(layers.Dense(4)(inputs), axis=1))
