"""KS109 and near misses."""

import keras
import tensorflow as tf
from tensorflow.keras.layers import Dense, Flatten, Layer

register = keras.saving.register_keras_serializable("state_made_in_call")


# expect: KS109
@register
class DenseInCall(Layer):
    def call(self, inputs):
        return Dense(4)(inputs)


# expect: KS109
@register
class WeightInCall(tf.keras.layers.Layer):
    def call(self, inputs):
        return self._scaled(inputs)

    def _scaled(self, inputs):
        scale = self.add_weight(name="scale", shape=(inputs.shape[-1],))
        return inputs * scale


# expect: KS109
@register
class ModelMakesDropout(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = Dense(4)

    def call(self, inputs, training=None):
        return keras.layers.Dropout(0.5)(self.dense(inputs), training=training)


@register
class FlattenInCall(Layer):
    """A layer without weights may be made anywhere."""

    def call(self, image):
        return Flatten(dtype=self.dtype_policy)(image)
