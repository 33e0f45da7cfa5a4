"""KS210 and near misses."""

import keras
import numpy as np
from keras import layers, ops

register = keras.saving.register_keras_serializable("runs_in_graph")


def largest(values):
    return float(np.max(values)) if not isinstance(values, keras.KerasTensor) else 1.0


def rounded(values):
    return values if isinstance(values, keras.KerasTensor) else np.round(values)


def is_positive(values):
    if isinstance(values, keras.KerasTensor):
        return True
    return bool(ops.all(values > 0))


# expect: KS210
@register
class NumpyHelper(layers.Layer):
    def call(self, inputs):
        return inputs / largest(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS210
@register
class PythonBranch(layers.Layer):
    def call(self, inputs):
        return inputs * 2.0 if is_positive(inputs) else inputs

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS203
@register
class EagerModel(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return rounded(self.dense(inputs))


@register
class Branches(layers.Layer):
    """Decides by `where`, not by `if`."""

    def call(self, inputs):
        return ops.where(inputs > 0, inputs * 2.0, inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("runs_in_graph")
class Words(keras.layers.Layer):
    """Takes texts, which predict() gets from a dataset."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.lookup = keras.layers.StringLookup(vocabulary=["a", "b", "c"], output_mode="int")

    def call(self, words):
        return keras.ops.cast(self.lookup(words), "float32")

    def compute_output_shape(self, input_shape):
        return input_shape
