"""KS304 and near misses."""

import keras
import numpy as np
from keras import layers, ops

register = keras.saving.register_keras_serializable("config_is_json")


# expect: KS304
@register
class GivesArray(layers.Layer):
    def __init__(self, table=None, **kwargs):
        super().__init__(**kwargs)
        self.table = np.arange(16.0, dtype="float32") if table is None else np.asarray(table, "float32")

    def call(self, inputs):
        return inputs * ops.cast(self.table, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "table": self.table}


# expect: KS304
@register
class GivesSet(layers.Layer):
    def __init__(self, powers=(1, 2), **kwargs):
        super().__init__(**kwargs)
        self.powers = set(powers)

    def call(self, inputs):
        return sum(inputs**power for power in sorted(self.powers))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "powers": self.powers}


# expect: KS304
@register
class GivesLambda(layers.Layer):
    def __init__(self, function=None, **kwargs):
        super().__init__(**kwargs)
        self.function = function or (lambda inputs: inputs * 2.0)

    def call(self, inputs):
        return self.function(inputs)

    def get_config(self):
        return {**super().get_config(), "function": self.function}


@register
class GivesList(layers.Layer):
    """Keeps an array, and gives a list."""

    def __init__(self, table=None, **kwargs):
        super().__init__(**kwargs)
        self.table = np.arange(16.0, dtype="float32") if table is None else np.asarray(table, "float32")

    def call(self, inputs):
        return inputs * ops.cast(self.table, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "table": self.table.tolist()}
