"""KS761 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("constraint_keeps_shape")


# expect: KS761
@register
class DividesByZero(keras.constraints.Constraint):
    def __call__(self, w):
        return w / ops.sqrt(ops.sum(ops.square(w), axis=0, keepdims=True))


# expect: KS761
@register
class Flattens(keras.constraints.Constraint):
    def __call__(self, w):
        return ops.reshape(w, (-1,))


@register
class UnitSum(keras.constraints.Constraint):
    def __call__(self, w):
        w = ops.relu(w)
        return w / (ops.sum(w, axis=0, keepdims=True) + 1e-7)
