"""KS702 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("loss_weighs_examples")


# expect: KS702
@register
class OneNumber(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred))


# expect: KS702
@register
class IgnoresWeights(keras.losses.Loss):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return ops.mean(ops.square(ops.cast(y_true, "float32") - y_pred))


# expect: KS702
@register
class IgnoresMask(keras.losses.Loss):
    def __call__(self, y_true, y_pred, sample_weight=None):
        errors = ops.mean(ops.square(ops.cast(y_true, "float32") - y_pred), axis=-1)
        return ops.mean(errors if sample_weight is None else errors * sample_weight)


@register
class OnePerExample(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)


@register
class ScalesWhatKerasGives(OnePerExample):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return 2.0 * super().__call__(y_true, y_pred, sample_weight)
