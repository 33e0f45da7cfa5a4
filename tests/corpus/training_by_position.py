"""KS117 and near misses."""

import keras
from keras import layers

register = keras.saving.register_keras_serializable("training_by_position")


# expect: KS117
@register
class Drops(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dropout = layers.Dropout(0.5, dtype=self.dtype_policy)

    def call(self, inputs, training=None):
        return self.dropout(inputs, training)

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS117
@register
class CallsOver(layers.Layer):
    def __call__(self, inputs, training=None, **kwargs):
        return super().__call__(inputs, training, **kwargs)

    def call(self, inputs, training=None):
        return inputs * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS117
@register
class Stack(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [DropsByName(dtype=self.dtype_policy) for _ in range(2)]

    def call(self, inputs, training=False):
        for block in self.blocks:
            inputs = block(inputs, training)
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class DropsByName(layers.Layer):
    """By its name; methods, and `call` of a sublayer, may be given it by position."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dropout = layers.Dropout(0.5, dtype=self.dtype_policy)
        self.noise = layers.GaussianNoise(0.1, dtype=self.dtype_policy)

    def call(self, inputs, training=None):
        return self._mixed(self.dropout(inputs, training=training), training)

    def _mixed(self, values, training):
        return values + self.noise.call(values, training)

    def compute_output_shape(self, input_shape):
        return input_shape
