"""KS509 and near misses."""

import keras
from keras import layers, ops

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

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units))

    def call(self, sequence):
        return ops.matmul(sequence, self.kernel)

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
