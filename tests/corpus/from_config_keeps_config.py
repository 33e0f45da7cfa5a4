"""KS303 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("from_config_keeps_config")


class Powers(layers.Layer):
    def __init__(self, power=2, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def call(self, inputs):
        return ops.power(inputs, self.power)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "power": self.power}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


Powers = register(Powers)


# expect: KS303
@register
class Pops(Powers):
    @classmethod
    def from_config(cls, config):
        power = config.pop("power")
        return cls(power, **config)


# expect: KS303
@register
class Updates(Powers):
    @classmethod
    def from_config(cls, config):
        config.update(power=int(config["power"]) + 0, name=config["name"].lower())
        config.setdefault("autocast", True)
        return cls(**config)


@register
class Copies(Powers):
    @classmethod
    def from_config(cls, config):
        config = dict(config)
        power = config.pop("power")
        return cls(power, **config)
