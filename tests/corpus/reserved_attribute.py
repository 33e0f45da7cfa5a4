"""KS101 and near misses."""

import functools

import keras
import tensorflow as tf
from keras import layers


# expect: KS101
@keras.saving.register_keras_serializable("reserved_attribute")
class OwnWeights(tf.keras.layers.Layer):
    def build(self, input_shape):
        self.weights = self.add_weight(shape=(input_shape[-1],), name="scale")

    def call(self, inputs):
        return inputs * self.weights


# expect: KS101
@keras.saving.register_keras_serializable("reserved_attribute")
class HiddenLayers(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._layers = [layers.Dense(4, dtype=self.dtype_policy)]

    def build(self, input_shape):
        self._layers[0].build(input_shape)

    def call(self, inputs):
        return self._layers[0](inputs)


# expect: KS101
@keras.saving.register_keras_serializable("reserved_attribute")
class OwnLayers(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.layers = [layers.Dense(4), layers.Dense(2)]

    def call(self, inputs):
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs


class Outer:
    # expect: KS101
    @keras.saving.register_keras_serializable("reserved_attribute")
    class Nested(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dtype = "float32"

        def call(self, inputs):
            return inputs * 2.0


@keras.saving.register_keras_serializable("reserved_attribute")
class LayersOfLayer(layers.Layer):
    """A layer, unlike a model, may have `layers`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.layers = [layers.Dense(4, dtype=self.dtype_policy)]
        self.supports_masking = True

    def build(self, input_shape):
        self.layers[0].build(input_shape)
        self.built = True

    def call(self, inputs):
        return self.layers[0](inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 4)


def counted(function):
    """Counts the calls of a function."""

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        wrapped.calls += 1
        return function(*args, **kwargs)

    wrapped.calls = 0
    return wrapped


@keras.saving.register_keras_serializable("reserved_attribute")
class CountsCalls(layers.Layer):
    """A method that is wrapped is still one."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.call = counted(self.call)

    def call(self, inputs):
        return inputs * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape
