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


@keras.saving.register_keras_serializable("builds_alone")
class NothingToBuild(layers.Layer):
    """Takes two tensors and has no weights: Keras needs no build() of it."""

    def call(self, logits, probabilities):
        return logits - ops.log(ops.clip(ops.abs(probabilities), 1e-6, 1.0))

    def compute_output_shape(self, logits_shape, probabilities_shape):
        return logits_shape


@keras.saving.register_keras_serializable("builds_alone")
class BuiltForTheFirst(layers.Layer):
    """Keras gives a build() with one parameter the shape of the first input alone."""

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1],), name="kernel")

    def call(self, values, others):
        return values * self.kernel + others

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS202
@keras.saving.register_keras_serializable("builds_alone")
class HasNoBuild(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4, dtype=self.dtype_policy)

    def call(self, inputs):
        return self.dense(inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 4)


# expect: KS401
@keras.saving.register_keras_serializable("builds_alone")
class BuildsWhatHasNoBuild(keras.Model):
    """Does what it can: what is missing after loading is missing in the layer inside."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = HasNoBuild()
        self.head = layers.Dense(2)

    def build(self, input_shape):
        self.inner.build(input_shape)
        self.head.build((*input_shape[:-1], 4))

    def call(self, inputs):
        return self.head(self.inner(inputs))
