"""KS301 and near misses."""

from dataclasses import dataclass

import keras
import tensorflow as tf
from keras import layers, ops

register = keras.saving.register_keras_serializable("config_round_trip")


# expect: KS301
@register
class ForgetfulLoss(keras.losses.Loss):
    def __init__(self, margin=1.0, **kwargs):
        super().__init__(**kwargs)
        self.margin = margin

    def call(self, y_true, y_pred):
        return ops.mean(ops.relu(self.margin - y_true * y_pred), axis=-1)


# expect: KS301
@register
class ForgetfulMetric(keras.metrics.Mean):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def result(self):
        return super().result() * self.scale


# expect: KS301
@register
class NeedsWhatIsLost(ForgetfulLoss):
    """Cannot even be loaded."""

    def __init__(self, margin, **kwargs):
        super().__init__(margin=margin, **kwargs)


@register
class KeepingLoss(ForgetfulLoss):
    def get_config(self):
        return {**super().get_config(), "margin": self.margin}


# expect: KS301
@register
class ForgetsScale(tf.keras.layers.Layer):
    def __init__(self, units=8, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.scale = scale

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units))

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel) * self.scale

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units})
        return config


# expect: KS301
@register
class ForgetsPrivate(layers.Layer):
    def __init__(self, power=2, **kwargs):
        super().__init__(**kwargs)
        self._power = power

    @property
    def power(self):
        return self._power

    def call(self, inputs):
        return ops.power(inputs, self.power)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config()


# expect: KS301
@register
class GivesItOn(layers.Layer):
    """The rate is only in the sublayer."""

    def __init__(self, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.dropout = layers.Dropout(rate, dtype=self.dtype_policy)

    def call(self, inputs, training=None):
        return self.dropout(inputs, training=training)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config()}


# expect: KS301
@register
class WholeNumberKeys(layers.Layer):
    def __init__(self, factors=None, **kwargs):
        super().__init__(**kwargs)
        self.factors = factors if factors is not None else {0: 1.0, 1: 2.0}

    def call(self, inputs):
        return inputs * self.factors.get(1, 3.0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "factors": self.factors}


# expect: KS301
@register
class RawSublayer(layers.Layer):
    """The sublayer comes back as a dictionary."""

    def __init__(self, inner: layers.Layer, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def build(self, input_shape):
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs)

    def compute_output_shape(self, input_shape):
        return self.inner.compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), "inner": self.inner}


# expect: KS301
@register
class MixesUp(layers.Layer):
    def __init__(self, low=-1.0, high=1.0, **kwargs):
        super().__init__(**kwargs)
        self.low = low
        self.high = high

    def call(self, inputs):
        return ops.clip(inputs, self.low, self.high)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "low": self.low, "high": self.low}


@dataclass
class Settings:
    units: int = 8
    bias: bool = True


# expect: KS301
@register
class FromSettings(layers.Layer):
    """Takes its arguments as an object, and gives half of it back."""

    def __init__(self, units=8, bias=True, **kwargs):
        super().__init__(**kwargs)
        self.settings = Settings(units, bias)
        self.dense = layers.Dense(units, use_bias=bias, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.settings.units)

    def get_config(self):
        return {**super().get_config(), "units": self.settings.units}


# expect: KS301
@register
class ModelWithoutConfig(keras.Model):
    """Keras remembers arguments of layers, and of models only their defaults."""

    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)


class ScaledMixin:
    def scaled(self, outputs):
        return outputs * self.scale


# expect: KS301
@register
class WithMixin(ScaledMixin, layers.Layer):
    def __init__(self, scale=2.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        return self.scaled(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config()}


@register
class KeepsAll(layers.Layer):
    """Every argument comes back, objects as what they were."""

    def __init__(self, units=8, activation="relu", kernel_initializer="glorot_uniform", sizes=(1, 2), **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.sizes = tuple(sizes)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[-1], self.units), initializer=self.kernel_initializer
        )

    def call(self, inputs):
        return self.activation(ops.matmul(inputs, self.kernel))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "sizes": self.sizes,
        }


@register
class LeavesItToKeras(layers.Layer):
    """Has no get_config: Keras remembers arguments of plain types."""

    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class Wrapper(layers.Layer):
    """Serializes the layer that it is given."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def build(self, input_shape):
        if not self.inner.built:
            self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs)

    def compute_output_shape(self, input_shape):
        return self.inner.compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), "inner": keras.saving.serialize_keras_object(self.inner)}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        return cls(keras.saving.deserialize_keras_object(config.pop("inner")), **config)


@keras.saving.register_keras_serializable("config_round_trip")
class FunctionalTower(keras.Model):
    """A functional model has names of its outputs, which Keras makes up."""

    def __init__(self, units=8, **kwargs):
        inputs = keras.Input((16,))
        super().__init__(inputs, keras.layers.Dense(units)(inputs), **kwargs)
        self.units = units

    def get_config(self):
        return {"name": self.name, "trainable": self.trainable, "units": self.units}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@register
class WithItsNetwork(keras.Model):
    """Keras gives the operations in the network other names each time it is made."""

    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        inputs = keras.Input((16,))
        hidden = layers.Dense(units, dtype=self.dtype_policy)(inputs)
        self.network = keras.Model(inputs, ops.sin(hidden) + 2.0 * ops.cos(hidden), name="network")

    def call(self, inputs, training=None):
        return self.network(inputs, training=training)

    def get_config(self):
        return {**super().get_config(), "units": self.units}
