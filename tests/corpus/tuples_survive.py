"""KS306 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("tuples_survive")


# expect: KS306
@register
class Pads(layers.Layer):
    def __init__(self, padding=(1, 1), **kwargs):
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, inputs):
        return ops.concatenate([inputs] * len(self.padding), axis=-1)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}


@register
class PadsTuple(layers.Layer):
    def __init__(self, padding=(1, 1), **kwargs):
        super().__init__(**kwargs)
        self.padding = tuple(padding)

    def call(self, inputs):
        return ops.concatenate([inputs] * len(self.padding), axis=-1)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}
