"""KS201 and near misses."""

import keras
from keras import layers


# expect: KS201
@keras.saving.register_keras_serializable("constructs")
class Typo(layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.half = self.unit // 2

    def call(self, inputs):
        return inputs * self.half


# expect: KS201
@keras.saving.register_keras_serializable("constructs")
class WrongName(layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Densee(units)

    def call(self, inputs):
        return self.dense(inputs)


@keras.saving.register_keras_serializable("constructs")
class Validates(layers.Layer):
    """Raises for arguments that make no sense, and only for those."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(units, int) or units <= 0:
            raise ValueError(f"`units` must be positive. Received: {units}")
        self.units = units

    def call(self, inputs):
        return inputs * self.units

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "units": self.units}
