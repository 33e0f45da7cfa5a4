"""KS204 and near misses."""

import keras
from keras import ops


# expect: KS204
@keras.saving.register_keras_serializable("calls_eagerly")
class TwoByTwo(keras.layers.Layer):
    def call(self, inputs):
        return ops.reshape(inputs, (2, -1))

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS204
@keras.saving.register_keras_serializable("calls_eagerly")
class Batches(keras.layers.Layer):
    def __init__(self, batch_size=32, **kwargs):
        super().__init__(**kwargs)
        self.batch_size = batch_size

    def call(self, inputs):
        return ops.reshape(inputs, (self.batch_size, -1))

    def get_config(self):
        return {**super().get_config(), "batch_size": self.batch_size}


@keras.saving.register_keras_serializable("calls_eagerly")
class AnyBatch(keras.layers.Layer):
    def call(self, inputs):
        return ops.reshape(inputs, (ops.shape(inputs)[0], -1))

    def compute_output_shape(self, input_shape):
        size = 1
        for axis in input_shape[1:]:
            size *= axis
        return (input_shape[0], size)
