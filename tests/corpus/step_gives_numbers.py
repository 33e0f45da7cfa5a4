"""KS513 and near misses."""

import keras
from keras import layers

register = keras.saving.register_keras_serializable("step_gives_numbers")


@register
class Plain(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)


# expect: KS513
@register
class ForgetsToReturn(Plain):
    def train_step(self, data):
        super().train_step(data)


# expect: KS513
@register
class ReturnsLoss(Plain):
    def train_step(self, data):
        return super().train_step(data)["loss"]


# expect: KS513
@register
class ReturnsErrors(Plain):
    """One for each example."""

    def test_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        return {"error": keras.losses.mean_squared_error(y, self(x, training=False))}


@register
class AddsOne(Plain):
    def train_step(self, data):
        return {**super().train_step(data), "examples": 4.0}
