"""KS205 and near misses."""

import keras
from keras import ops
from keras.layers import Layer

register = keras.saving.register_keras_serializable("output_shape")


# expect: KS205
@register
class SaysInputs(Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units))

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "units": self.units}


# expect: KS205
@register
class ForgetsAxis(Layer):
    """Expects a sequence."""

    def call(self, sequence):
        return ops.max(sequence, axis=1, keepdims=True)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])


# expect: KS205
@register
class Halves(Layer):
    def call(self, image):
        return image[:, ::2, ::2, :]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] // 4, input_shape[2] // 4, input_shape[3])


@register
class TwoOutputs(Layer):
    def call(self, inputs):
        return inputs, ops.sum(inputs, axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape):
        return input_shape, (*input_shape[:-1], 1)


@register
class LeavesItToKeras(Layer):
    """Has no compute_output_shape: Keras traces the call."""

    def call(self, inputs):
        return ops.concatenate([inputs, inputs], axis=-1)


@register
class MultipliesFields(Layer):
    """Multiplies vectors.

    Input shape
      - A list of 3D tensors with shape: ``(batch_size, 1, size)``. Its length is the number of fields.

    Output shape
      - 3D tensor with shape: ``(batch_size, 1, size)``.
    """

    def call(self, inputs):
        first, second = inputs
        return first * second

    def compute_output_shape(self, input_shape):
        return (None, 1, input_shape[0][-1])

    def compute_mask(self, inputs, previous_mask=None):
        return None
