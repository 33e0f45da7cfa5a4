"""KS208 and near misses."""

import keras
from keras import layers

register = keras.saving.register_keras_serializable("creates_in_call")


def make_projection(units, dtype):
    return layers.Dense(units, dtype=dtype)


def noisy(inputs, training):
    return layers.Dropout(0.5)(inputs, training=training)


# expect: KS208
@register
class HelperMakesDense(layers.Layer):
    def call(self, inputs):
        return make_projection(8, self.dtype_policy)(inputs)


# expect: KS208
@register
class HelperMakesDropout(layers.Layer):
    def call(self, inputs, training=None):
        return noisy(inputs, training)


def flattened(inputs):
    return layers.Flatten(dtype=inputs.dtype)(inputs)


@register
class HelperMakesFlatten(layers.Layer):
    """A layer without weights may be made anywhere."""

    def call(self, image):
        return flattened(image)
