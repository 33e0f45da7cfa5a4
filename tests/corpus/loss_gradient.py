"""KS704 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("loss_gradient")


# expect: KS704
@register
class CountsSigns(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(ops.sign(y_true - y_pred)), axis=-1)


@register
class Hinge(keras.losses.Loss):
    """Has no gradient where the margin is kept."""

    def call(self, y_true, y_pred):
        return ops.mean(ops.relu(1.0 - (2.0 * y_true - 1.0) * y_pred), axis=-1)
