"""KS504 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("random_at_inference")


# expect: KS504
@register
class AlwaysNoise(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, inputs):
        return inputs + keras.random.normal(ops.shape(inputs), dtype=inputs.dtype, seed=self.seed_generator)

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS504
@register
class DropsAlways(layers.Layer):
    def __init__(self, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.dropout = layers.Dropout(rate, dtype=self.dtype_policy)
        self.mode = {"training": True}

    def call(self, inputs):
        return self.dropout(inputs, **self.mode)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


@register
class DropsInTraining(layers.Layer):
    def __init__(self, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.dropout = layers.Dropout(rate, dtype=self.dtype_policy)

    def call(self, inputs, training=None):
        return self.dropout(inputs, training=training)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
