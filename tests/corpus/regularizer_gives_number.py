"""KS751 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("regularizer_gives_number")


# expect: KS751
@register
class GivesMany(keras.regularizers.Regularizer):
    def __call__(self, x):
        return ops.sum(ops.square(x), axis=-1)

    def get_config(self):
        return {}


# expect: KS751
@register
class InfiniteSlope(keras.regularizers.Regularizer):
    def __call__(self, x):
        return ops.sqrt(ops.sum(ops.square(x)))

    def get_config(self):
        return {}


@register
class FiniteSlope(keras.regularizers.Regularizer):
    def __call__(self, x):
        return ops.sqrt(ops.sum(ops.square(x)) + 1e-7)

    def get_config(self):
        return {}
