"""KS104 and near misses."""

import keras
import keras.backend as K
import tensorflow as tf


# expect: KS104
@keras.saving.register_keras_serializable("removed_name")
class MeansByBackend(keras.layers.Layer):
    def call(self, inputs):
        return K.mean(inputs, axis=-1, keepdims=True)


# expect: KS104
@keras.saving.register_keras_serializable("removed_name")
class AddsMetric(tf.keras.layers.Layer):
    def call(self, inputs):
        self.add_metric(keras.ops.mean(inputs), name="mean")
        return inputs


@keras.saving.register_keras_serializable("removed_name")
class AsksEpsilon(keras.layers.Layer):
    """What the backend module still has."""

    def call(self, inputs):
        return inputs / (1.0 + K.epsilon())

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS104
def build_tries_two():
    """Neither of the two is there."""
    try:
        from keras.utils.np_utils import to_categorical
    except ImportError:
        from tensorflow.keras.utils.np_utils import to_categorical
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(len(to_categorical([0, 1])))])


# expect: KS104
def build_for_newer():
    units = 2 if keras.__version__ < "3" else int(K.sum([1, 1]))
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(units)])


def build_for_older():
    """What older versions have, where they are asked for."""
    try:
        from keras.utils.generic_utils import CustomObjectScope
    except ImportError:
        from keras.saving import CustomObjectScope
    try:
        size = K.int_shape(keras.Input((8,)))
    except AttributeError:
        size = keras.Input((8,)).shape
    if keras.__version__ >= "3":
        units = size[-1]
    else:
        units = K.get_value(size[-1])
    with CustomObjectScope({}):
        return keras.Sequential([keras.Input((8,)), keras.layers.Dense(units)])
