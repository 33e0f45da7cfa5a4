"""KS214 and near misses."""

import keras
from keras import layers

register = keras.saving.register_keras_serializable("uses_its_sublayers")


# expect: KS214
@register
class SkipsBlocks(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [layers.Dense(8, dtype=self.dtype_policy) for _ in range(3)]

    def build(self, input_shape):
        self.blocks[2].build(input_shape)

    def call(self, inputs):
        return self.blocks[2](inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 8)


# expect: KS214
@register
class NeverCalled(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.Sequential([layers.Dense(8)])
        self.head = layers.Dense(4)

    def build(self, input_shape):
        self.head.build(input_shape)

    def call(self, inputs):
        return self.head(inputs)


@register
class CallsAll(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [layers.Dense(16, dtype=self.dtype_policy) for _ in range(3)]

    def build(self, input_shape):
        for block in self.blocks:
            block.build(input_shape)

    def call(self, inputs):
        for block in self.blocks:
            inputs = block(inputs)
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class NoDropout(layers.Layer):
    """What it does not call has no weights."""

    def __init__(self, rate=0.0, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.dropout = layers.Dropout(rate, dtype=self.dtype_policy)

    def call(self, inputs, training=None):
        return self.dropout(inputs, training=training) if self.rate else inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


@register
class Decodes(layers.Layer):
    """A method of its own uses the other part."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.encoder = layers.Dense(8, dtype=self.dtype_policy)
        self.decoder = layers.Dense(8, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.encoder.build(input_shape)

    def call(self, inputs):
        return self.encoder(inputs)

    def decode(self, codes):
        return self.decoder(codes)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 8)
