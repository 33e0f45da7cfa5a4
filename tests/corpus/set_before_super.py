"""KS113 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("set_before_super")


# expect: KS113
@register
class LosesMask(layers.Layer):
    def __init__(self, **kwargs):
        self.supports_masking = True
        super().__init__(**kwargs)

    def call(self, inputs):
        return inputs * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS113
@register
class Thaws(keras.Layer):
    def __init__(self, **kwargs):
        self.trainable = False
        super(Thaws, self).__init__(**kwargs)

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")

    def call(self, inputs):
        return inputs * self.scale

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS113
@register
class WeightTooEarly(layers.Layer):
    def __init__(self, **kwargs):
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")
        super().__init__(**kwargs)

    def call(self, inputs):
        return inputs * self.scale


@register
class KeepsMask(layers.Layer):
    """Sublayers and plain attributes may be set before, and flags after."""

    def __init__(self, units=4, **kwargs):
        self.units = units
        self.dense = layers.Dense(units, dtype=kwargs.get("dtype"))
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@register
class SetAgain(layers.Layer):
    """What is set after it counts."""

    def __init__(self, **kwargs):
        self.supports_masking = False
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        return ops.tanh(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class ComputesMask(layers.Layer):
    """Keras sees that it computes masks."""

    def __init__(self, **kwargs):
        self.supports_masking = True
        super().__init__(**kwargs)

    def call(self, inputs):
        return ops.tanh(inputs)

    def compute_mask(self, inputs, mask=None):
        return mask

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class DenseWithMask(layers.Dense):
    """Dense supports masks anyway."""

    def __init__(self, units=4, **kwargs):
        self.supports_masking = True
        super().__init__(units, **kwargs)
