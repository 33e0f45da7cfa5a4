"""KS106 and near misses."""

import keras
from keras import layers

register = keras.saving.register_keras_serializable("mutable_default")


# expect: KS106
@register
class ListOfSizes(layers.Layer):
    def __init__(self, factors=[1.0, 2.0], **kwargs):
        super().__init__(**kwargs)
        self.factors = list(factors)

    def call(self, inputs):
        return inputs * self.factors[0] * self.factors[1]

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "factors": list(self.factors)}


# expect: KS106
def build_stack(options={}):
    return keras.Sequential([keras.Input((16,)), layers.Dense(options.get("units", 4))])


@register
class NoneForList(layers.Layer):
    def __init__(self, factors=None, **kwargs):
        super().__init__(**kwargs)
        self.factors = [1.0, 2.0] if factors is None else list(factors)

    def call(self, inputs):
        return inputs * self.factors[0] * self.factors[1]

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "factors": list(self.factors)}
