"""KS507 and near misses."""

import keras
import numpy as np
from keras import layers, ops

register = keras.saving.register_keras_serializable("mixed_precision")


# expect: KS507
@register
class OwnPolicyOfSublayer(layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


# expect: KS507
@register
class FloatTable(layers.Layer):
    def build(self, input_shape):
        self.table = ops.convert_to_tensor(np.linspace(0.0, 1.0, input_shape[-1]), dtype="float32")

    def call(self, inputs):
        return inputs * self.table

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS507
@register
class CastsAndStays(layers.Layer):
    def call(self, inputs):
        return ops.softmax(ops.cast(inputs, "float32"))

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS507
@register
class HugeMask(layers.Layer):
    """Weighs the steps of a sequence; where all are masked, float16 gives no number."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, sequence, mask=None):
        scores = ops.mean(sequence, axis=-1, keepdims=True)
        if mask is not None:
            scores = scores + (1.0 - ops.cast(mask, scores.dtype)[..., None]) * ops.cast(-1e9, scores.dtype)
        return sequence * ops.softmax(scores, axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class SharesItsPolicy(layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@register
class CastsBack(layers.Layer):
    """Computes in float32 where it has to."""

    def call(self, inputs):
        return ops.cast(ops.softmax(ops.cast(inputs, "float32")), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class EndsInFloat32(keras.Model):
    """A model that ends in float32 on purpose."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(8)
        self.probabilities = layers.Dense(3, activation="softmax", dtype="float32")

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.probabilities.build((input_shape[0], 8))

    def call(self, inputs):
        return self.probabilities(self.dense(inputs))
