"""KS505 and near misses."""

import keras
from keras import layers, ops, random

register = keras.saving.register_keras_serializable("constant_seed")


# expect: KS505
@register
class OneMask(layers.Layer):
    def __init__(self, rate=0.5, seed=1337, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = seed

    def call(self, inputs, training=None):
        if training:
            return random.dropout(inputs, self.rate, seed=self.seed)
        return inputs * 1.0

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


def noise_like(inputs, seed=7):
    return keras.random.normal(ops.shape(inputs), dtype=inputs.dtype, seed=seed)


# expect: KS505
@register
class SameNoise(layers.Layer):
    def call(self, inputs, training=None):
        return inputs + noise_like(inputs) if training else inputs * 1.0

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class SeededGenerator(layers.Layer):
    """Takes a whole number as its seed, and gives it to a generator."""

    def __init__(self, rate=0.5, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=None):
        if training:
            return random.dropout(inputs, self.rate, seed=self.seed_generator)
        return inputs * 1.0

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
