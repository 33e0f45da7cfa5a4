"""KS514 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("resets_metrics")


@register
class Plain(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)
        self.size = keras.metrics.Mean(name="size")

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        self.size.update_state(ops.mean(ops.abs(self(x, training=True))))
        return {**super().train_step(data), "size": self.size.result()}


# expect: KS514
@register
class Forgets(Plain):
    @property
    def metrics(self):
        return [self._loss_tracker]


# expect: KS514
@register
class ResetsOthers(Plain):
    def reset_metrics(self):
        self._loss_tracker.reset_state()


@register
class ListsAll(Plain):
    @property
    def metrics(self):
        return [self._loss_tracker, self.size]


@register
class ResetsItself(Plain):
    """Starts anew with each step, and need not be listed."""

    @property
    def metrics(self):
        return [self._loss_tracker]

    def train_step(self, data):
        self.size.reset_state()
        return super().train_step(data)


@register
class LeavesItToKeras(Plain):
    """Keras finds what is in an attribute."""
