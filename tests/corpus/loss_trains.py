"""KS703 and near misses."""

import keras
import numpy as np
from keras import ops

register = keras.saving.register_keras_serializable("loss_trains")


# expect: KS703
@register
class InNumpy(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.convert_to_tensor(np.square(np.array(y_true) - np.array(y_pred)).mean(axis=-1))


# expect: KS703
@register
class Rounds(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - ops.round(y_pred)), axis=-1)


@register
class FromFunction(keras.losses.Loss):
    """Is given a function of Keras'."""

    def __init__(self, power=2, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred) ** self.power, axis=-1)

    def get_config(self):
        return {**super().get_config(), "power": self.power}


@register
class ScaleFree(keras.losses.Loss):
    """Does not change with the size of the predictions, and has a gradient all the same."""

    def call(self, y_true, y_pred):
        return -ops.sum(ops.normalize(y_true, axis=-1) * ops.normalize(y_pred, axis=-1), axis=-1)
