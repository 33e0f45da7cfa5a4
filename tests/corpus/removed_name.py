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
        self.add_metric(tf.reduce_mean(inputs), name="mean")
        return inputs


@keras.saving.register_keras_serializable("removed_name")
class AsksEpsilon(keras.layers.Layer):
    """What the backend module still has."""

    def call(self, inputs):
        return inputs / (1.0 + K.epsilon())

    def compute_output_shape(self, input_shape):
        return input_shape
