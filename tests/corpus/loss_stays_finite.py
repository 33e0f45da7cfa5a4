"""KS705 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("loss_stays_finite")


# expect: KS705
@register
class Distance(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.sqrt(ops.sum(ops.square(y_true - y_pred), axis=-1))


# expect: KS705
@register
class Entropy(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return -ops.sum(y_true * ops.log(y_pred), axis=-1)


@register
class SafeDistance(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.sqrt(ops.sum(ops.square(y_true - y_pred), axis=-1) + keras.config.epsilon())


@register
class SafeEntropy(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return -ops.sum(y_true * ops.log(ops.clip(y_pred, keras.config.epsilon(), 1.0)), axis=-1)
