"""KS110 and near misses."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

register = keras.saving.register_keras_serializable("numpy_in_call")


# expect: KS110
@register
class NumpyMax(tf.keras.layers.Layer):
    def call(self, inputs):
        return inputs / np.max(inputs)


# expect: KS110
@register
class FloatOfTensor(layers.Layer):
    def call(self, inputs):
        total = ops.sum(inputs)
        return inputs / float(total)


# expect: KS110
@register
class IfTensor(layers.Layer):
    def call(self, inputs):
        if ops.mean(inputs) > 0:
            return inputs
        return -inputs


# expect: KS110
@register
class AsksNumpy(layers.Layer):
    def call(self, inputs):
        return inputs * inputs.numpy().max()


@register
class NumpyOnSizes(layers.Layer):
    """NumPy on sizes, which are numbers, and questions about arguments."""

    def call(self, inputs, training=None, mask=None):
        if training and mask is not None:
            inputs = inputs * 1.0
        if len(inputs.shape) > 2 and inputs.shape[-1] > 4:
            inputs = inputs * 1.0
        return inputs / float(np.sqrt(inputs.shape[-1]))

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS110
@register
class AsksInMethod(layers.Layer):
    def call(self, inputs):
        return self._scaled(inputs)

    def _scaled(self, values):
        if ops.max(values) > 1:
            return values / 2
        return values


# expect: KS110
@register
class ConvertsToNumpy(layers.Layer):
    def call(self, inputs):
        return inputs / ops.convert_to_numpy(inputs).max()


# expect: KS110
@register
class AsksAfterRound(layers.Layer):
    def call(self, inputs):
        largest = 0.0
        for power in range(1, 3):
            if largest > 1:
                inputs = inputs / 2
            largest = ops.max(inputs) ** power
        return inputs


# expect: KS110
@register
class OverwrittenInTraining(layers.Layer):
    def call(self, inputs, training=None):
        total = ops.sum(inputs)
        if training:
            total = 1.0
        return inputs / float(total)


@register
class OverwrittenByNumber(layers.Layer):
    """A name that held a tensor before it held a number, on each way here."""

    def call(self, inputs):
        size = ops.sum(inputs)
        inputs = inputs + size * 0
        size = inputs.shape[-1]
        if size > 4:
            inputs = inputs * 1.0
        return inputs / float(size)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class SizesFromMethod(layers.Layer):
    """A method that is given a tensor and gives its sizes beside it."""

    def call(self, inputs):
        halved, (size, rest) = self._halved(inputs)
        if size > 4 and rest == 0:
            halved = halved * 1.0
        return halved

    def _halved(self, values):
        size = values.shape[-1]
        return values / 2, (size, size % 2)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class NumberThatMayBeLeftOut(layers.Layer):
    """An argument that is a number if it is given at all."""

    def call(self, inputs, repeats=None):
        repeats = 0 if repeats is None else repeats
        if repeats > 0:
            inputs = inputs * repeats
        return inputs * 1.0

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class ValuesOnTorch(layers.Layer):
    """Tensors of another backend, which have values."""

    def call(self, inputs):
        if keras.backend.backend() == "torch":
            return self._absolute(inputs)
        return ops.abs(inputs)

    def _absolute(self, values):
        return ops.convert_to_tensor(np.abs(values.detach().cpu().numpy()))

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class PrintsEagerly(layers.Layer):
    """Values are looked at where there are some."""

    def call(self, inputs):
        if hasattr(inputs, "numpy"):
            print(inputs[0:1].numpy().shape)
        try:
            print(np.array(inputs).shape)
        except (NotImplementedError, TypeError, ValueError):
            print("no values")
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape
