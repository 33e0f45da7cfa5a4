"""KS502 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("weights_learn")


# expect: KS502
@register
class ForgottenBias(layers.Layer):
    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], 4))
        self.bias = self.add_weight(name="bias", shape=(4,), initializer="zeros")

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 4)


# expect: KS502
@register
class StoppedGradient(layers.Layer):
    def build(self, input_shape):
        self.gate = self.add_weight(name="gate", shape=(input_shape[-1],), initializer="ones")

    def call(self, inputs):
        return inputs * ops.stop_gradient(ops.sigmoid(self.gate))

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS502
@register
class HardChoice(layers.Layer):
    def build(self, input_shape):
        self.scores = self.add_weight(name="scores", shape=(3,), initializer="ones")

    def call(self, inputs):
        return inputs * (1.0 + ops.cast(ops.argmax(self.scores), inputs.dtype))

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class FrozenScale(layers.Layer):
    """A weight that is not trainable need not learn."""

    def build(self, input_shape):
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="ones", trainable=False)

    def call(self, inputs):
        return inputs * self.scale

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class OnlyInLoss(layers.Layer):
    """A weight that only a loss uses learns from it."""

    def build(self, input_shape):
        self.centre = self.add_weight(name="centre", shape=(input_shape[-1],), initializer="zeros")

    def call(self, inputs):
        self.add_loss(ops.mean(ops.square(inputs - self.centre)))
        return inputs * 1.0

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS502
@register
class HeadForNothing(keras.Model):
    """An encoder, and a head that nothing uses."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.encoder = layers.Dense(4)
        self.head = layers.Dense(2)

    def build(self, input_shape):
        self.encoder.build(input_shape)
        self.head.build((None, 4))

    def call(self, inputs):
        return self.encoder(inputs)


@register
class HeadOfTheLoss(HeadForNothing):
    """`compute_loss` reaches it, though a call does not."""

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        return ops.mean(ops.square(self.head(y_pred)))


# expect: KS502
@register
class HeadBehindAStop(HeadForNothing):
    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        return ops.mean(ops.square(ops.stop_gradient(self.head(y_pred)) - y_pred[:, :2]))
