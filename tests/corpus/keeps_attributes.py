"""KS209 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("keeps_attributes")


# expect: KS209
@register
class Counts(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.calls = 0

    def call(self, inputs):
        self.calls += 1
        return inputs * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS209
@register
class Logs(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.shapes_seen = []

    def call(self, inputs):
        self.shapes_seen.append(len(inputs.shape))
        return inputs * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS209
@register
class KeepsScores(layers.Layer):
    def call(self, inputs):
        self.last_scores = ops.softmax(inputs)
        return inputs * self.last_scores

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class CountsInWeight(layers.Layer):
    """Counts training steps in a weight."""

    def build(self, input_shape):
        self.calls = self.add_weight(name="calls", shape=(), initializer="zeros", dtype="int32", trainable=False)

    def call(self, inputs, training=None):
        if training:
            self.calls.assign_add(1)
        return inputs * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape
