"""KS509 and near misses."""

import keras
from keras import layers

register = keras.saving.register_keras_serializable("mask_dropped")


# expect: KS509
@register
class ScalesSequence(layers.Layer):
    def call(self, sequence):
        return sequence * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS509
@register
class SequenceFeatures(layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, sequence):
        return self.dense(sequence)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@register
class KeepsMask(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, sequence):
        return sequence * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape
