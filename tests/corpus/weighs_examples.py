"""KS515 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("weighs_examples")


@register
class Plain(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)


# expect: KS515
@register
class DropsThem(Plain):
    def train_step(self, data):
        x, y = data[0], data[1]
        return super().train_step((x, y))


# expect: KS515
@register
class OwnLoss(Plain):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(ops.square(y - y_pred))


@register
class HandsThemOn(Plain):
    def train_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        return super().train_step((x, y, sample_weight))


@register
class RefusesThem(Plain):
    """Whoever gives weights is told."""

    def train_step(self, data):
        x, y = data
        return super().train_step((x, y))


@register
class Autoencoder(Plain):
    """Has no targets that weights could be of."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(ops.square(y_pred))
