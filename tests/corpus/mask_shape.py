"""KS508 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("mask_shape")


# expect: KS508
@register
class PoolsSequence(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, sequence):
        return ops.mean(sequence, axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])


# expect: KS508
@register
class HalvesSequence(layers.Layer):
    def call(self, sequence):
        return sequence[:, ::2]

    def compute_mask(self, inputs, mask=None):
        return mask

    def compute_output_shape(self, input_shape):
        return (input_shape[0], (input_shape[1] + 1) // 2, input_shape[2])


@register
class PoolsAndSaysSo(layers.Layer):
    """Takes the mask, and ends it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, sequence, mask=None):
        if mask is None:
            return ops.mean(sequence, axis=1)
        weights = ops.cast(mask, sequence.dtype)[..., None]
        return ops.sum(sequence * weights, axis=1) / ops.maximum(ops.sum(weights, axis=1), 1.0)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])


@register
class HalvesBoth(layers.Layer):
    """Takes every other step, of the mask too."""

    def call(self, sequence):
        return sequence[:, ::2]

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else mask[:, ::2]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], (input_shape[1] + 1) // 2, input_shape[2])
