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
        if keras.backend.backend() == "tensorflow":
            return tf.reduce_mean(sequence, axis=1)
        return ops.mean(sequence, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])


def build_right():
    inputs = keras.Input((6, 8))
    return keras.Model(inputs, ops.mean(layers.Dense(4)(inputs), axis=1))


# expect: KS105
def build_by_block():
    def block(values):
        return tf.nn.relu(layers.Dense(4)(values))

    inputs = keras.Input((8,))
    return keras.Model(inputs, layers.Dense(2)(block(inputs)))


# expect: KS105
def build_branches():
    inputs = [keras.Input((8,)) for _ in range(2)]
    branches = []
    for one in inputs:
        branches.append(layers.Dense(4)(one))
    return keras.Model(inputs, layers.Dense(2)(tf.concat(branches, -1)))


def build_tried():
    """The names of symbols are used again for data."""
    inputs = keras.Input((8,))
    outputs = layers.Dense(2)(inputs)
    model = keras.Model(inputs, outputs)
    outputs = model(tf.zeros((1, 8)))
    tf.debugging.assert_shapes([(tf.reduce_mean(outputs), ())])
    return model


def build_from_structure():
    """Functions for structures of anything."""
    inputs = {"first": keras.Input((8,)), "second": keras.Input((8,))}
    return keras.Model(inputs, layers.Dense(2)(ops.concatenate(tf.nest.flatten(inputs), -1)))


def build_by_kind():
    """A function that tells symbols from data."""

    def averaged(values):
        if isinstance(values, keras.KerasTensor):
            return ops.mean(values, axis=1)
        return tf.reduce_mean(values, axis=1)

    inputs = keras.Input((6, 8))
    return keras.Model(inputs, averaged(layers.Dense(4)(inputs)))
