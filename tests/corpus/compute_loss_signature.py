"""KS512 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("compute_loss_signature")


@register
class Plain(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)


def weighed(errors, sample_weight):
    return ops.mean(errors if sample_weight is None else errors * ops.reshape(sample_weight, (-1, 1)))


# expect: KS512
@register
class TwoArguments(Plain):
    def compute_loss(self, y, y_pred):
        return ops.mean(ops.square(y - y_pred))


# expect: KS512
@register
class OtherOrder(Plain):
    def compute_loss(self, y, y_pred, sample_weight=None, x=None):
        return ops.mean(ops.square(y - y_pred))


@register
class AsKerasCalls(Plain):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return weighed(ops.square(y - y_pred), sample_weight)


@register
class WithoutTraining(Plain):
    """Keras calls it as it did before it had the argument."""

    def compute_loss(self, x, y, y_pred, sample_weight):
        return weighed(ops.square(y - y_pred), sample_weight)
