"""KS108 and near misses."""

import keras
from keras import layers

register = keras.saving.register_keras_serializable("super_init")


# expect: KS108
@keras.saving.register_keras_serializable("super_init")
class NoSuperOfShortName(keras.Layer):
    def __init__(self, units=4, **kwargs):
        self.units = units

    def call(self, inputs):
        return inputs * self.units


# expect: KS108
@register
class NoSuper(layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor


# expect: KS108
@register
class NoSuperModel(keras.Model):
    def __init__(self, units=4):
        self.dense = layers.Dense(units)

    def call(self, inputs):
        return self.dense(inputs)


class Scaled:
    """A mixin without a constructor."""

    factor = 2.0


@register
class LateSuper(Scaled, layers.Layer):
    """Keras 3 does not mind attributes before `super().__init__()`."""

    def __init__(self, power=1.0, **kwargs):
        self.power = power
        layers.Layer.__init__(self, **kwargs)

    def call(self, inputs):
        return inputs * self.factor * self.power

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "power": self.power}
