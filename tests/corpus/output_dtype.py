"""KS211 and near misses."""

import keras
from keras import ops


# expect: KS211
@keras.saving.register_keras_serializable("output_dtype")
class SaysFloat(keras.layers.Layer):
    def call(self, inputs):
        return ops.cast(ops.round(inputs), "int32")

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, dtype="float32")


@keras.saving.register_keras_serializable("output_dtype")
class SaysBool(keras.layers.Layer):
    """Gives truth values, and says so."""

    def call(self, inputs):
        return ops.greater(inputs, 0)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, dtype="bool")
