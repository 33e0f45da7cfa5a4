"""KS112 and near misses."""

import keras
from keras import layers

register = keras.saving.register_keras_serializable("fixed_training")


# expect: KS112
@register
class AlwaysDrops(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dropout = layers.Dropout(0.5, dtype=self.dtype_policy)

    def call(self, inputs):
        return self.dropout(inputs, training=True)

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS112
@register
class AlwaysNormalizes(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.norm = layers.BatchNormalization(dtype=self.dtype_policy)

    def build(self, input_shape):
        self.norm.build(input_shape)

    def call(self, inputs):
        return self.norm(inputs, training=True)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class HandsItOn(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dropout = layers.Dropout(0.5, dtype=self.dtype_policy)

    def call(self, inputs, training=None):
        return self.dropout(inputs, training=training)

    def compute_output_shape(self, input_shape):
        return input_shape


class Log:
    """What is told of each batch."""

    def tell(self, size, training):
        """Does nothing so far."""


@register
class TellsLog(layers.Layer):
    """An object that is no layer, and gives nothing."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.log = Log()

    def call(self, inputs):
        self.log.tell(inputs.shape[-1], training=True)
        return inputs * 1.0

    def compute_output_shape(self, input_shape):
        return input_shape
