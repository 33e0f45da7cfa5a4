"""KS202 and near misses."""

import keras
import tensorflow as tf
from keras import layers, ops


# expect: KS202
@keras.saving.register_keras_serializable("builds_alone")
class NothingBuilt(tf.keras.layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = tf.keras.layers.Dense(units, dtype=self.dtype_policy)

    def build(self, input_shape):
        super().build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


# expect: KS202
@keras.saving.register_keras_serializable("builds_alone")
class OneForgotten(layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first = layers.Dense(units, dtype=self.dtype_policy)
        self.second = layers.Dense(units, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.first.build(input_shape)

    def call(self, inputs):
        return self.second(self.first(inputs))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


# expect: KS204
@keras.saving.register_keras_serializable("builds_alone")
class OnFirstCall(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.scale = None

    def build(self, input_shape):
        self.size = input_shape[-1]

    def _make(self):
        if self.scale is None:
            self.scale = self.make_scale()
        return self.scale

    make_scale = property(lambda self: lambda: self.add_weight(name="scale", shape=(self.size,), initializer="ones"))

    def call(self, inputs):
        return inputs * self._make()

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS202
@keras.saving.register_keras_serializable("builds_alone")
class Autoencoder(keras.Model):
    """Program 10 of the tutorial: `build` leaves nothing but a warning."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.encoder = layers.Dense(4, activation="relu")
        self.decoder = layers.Dense(16)

    def build(self, input_shape):
        self.built = True

    def call(self, inputs):
        return self.decoder(self.encoder(inputs))


# expect: KS202
@keras.saving.register_keras_serializable("builds_alone")
class ListOfLayers(layers.Layer):
    def __init__(self, depth=2, **kwargs):
        super().__init__(**kwargs)
        self.depth = depth
        self.steps = [layers.Dense(8, dtype=self.dtype_policy) for _ in range(depth)]

    def build(self, input_shape):
        self.steps[0].build(input_shape)

    def call(self, inputs):
        for step in self.steps:
            inputs = step(inputs)
        return inputs

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 8)

    def get_config(self):
        return {**super().get_config(), "depth": self.depth}


@keras.saving.register_keras_serializable("builds_alone")
class BuildsAll(layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.steps = [layers.Dense(units, dtype=self.dtype_policy) for _ in range(3)]

    def build(self, input_shape):
        shape = input_shape
        for step in self.steps:
            step.build(shape)
            shape = step.compute_output_shape(shape)

    def call(self, inputs):
        for step in self.steps:
            inputs = ops.relu(step(inputs))
        return inputs

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}
