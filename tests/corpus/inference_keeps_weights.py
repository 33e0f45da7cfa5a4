"""KS510 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("inference_keeps_weights")


class Moving(layers.Layer):
    """Keeps a moving average."""

    def build(self, input_shape):
        self.mean = self.add_weight(name="mean", shape=(input_shape[-1],), initializer="zeros", trainable=False)

    def move(self, inputs):
        mean = ops.cast(ops.mean(inputs, axis=0), self.mean.dtype)
        self.mean.assign(0.9 * self.mean + 0.1 * mean)

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS510
@register
class MovesAlways(Moving):
    def call(self, inputs):
        before = ops.cast(self.mean, inputs.dtype) * 1.0
        self.move(inputs)
        return inputs - before


# expect: KS510
@register
class CountsCalls(layers.Layer):
    def build(self, input_shape):
        self.calls = self.add_weight(name="calls", shape=(), initializer="zeros", dtype="int32", trainable=False)

    def call(self, inputs):
        self.calls.assign_add(1)
        return inputs * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class MovesInTraining(Moving):
    def call(self, inputs, training=None):
        if training:
            self.move(inputs)
        return inputs - ops.cast(self.mean, inputs.dtype)
