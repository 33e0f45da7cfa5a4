"""KS501 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("trains")


# expect: KS501
@register
class LogOfNegative(layers.Layer):
    def call(self, inputs):
        return ops.log(ops.minimum(inputs, -1.0))

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS501
@register
class OwnStep(keras.Model):
    """Its train_step uses an attribute that is not there."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        self.tracker.update_state(0.0)
        return {"loss": self.tracker.result()}


@register
class SafeLog(layers.Layer):
    def call(self, inputs):
        return ops.log1p(ops.relu(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class OwnGoodStep(keras.Model):
    """A train_step of its own that works."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        return super().train_step(data)
