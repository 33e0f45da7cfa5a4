"""KS701 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("loss_calls")


# expect: KS701
@register
class NotANumber(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.log(-1.0 - y_pred), axis=-1)


# expect: KS701
@register
class NoReduction(keras.losses.Loss):
    """Replaces what Keras does, and forgets a part of it."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        return ops.mean(ops.square(ops.cast(y_true, "float32") - y_pred), axis=-1)


# expect: KS701
@register
class Misspelt(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.sqare(y_true - y_pred), axis=-1)


@register
class Squared(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)


@register
class Unreduced(Squared):
    """Whoever makes it wants a number for each example."""

    def __init__(self, reduction="none", **kwargs):
        super().__init__(reduction=reduction, **kwargs)


@register
class Sparse(keras.losses.Loss):
    """Takes the number of a class for a target."""

    def __init__(self, num_classes, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes

    def call(self, y_true, y_pred):
        wanted = ops.one_hot(ops.cast(y_true, "int32"), self.num_classes)
        return ops.mean(ops.square(wanted - y_pred), axis=-1)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
