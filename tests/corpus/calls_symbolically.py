"""KS203 and near misses."""

import keras
from keras import ops


# expect: KS203
@keras.saving.register_keras_serializable("calls_symbolically")
class KnowsItsBatch(keras.layers.Layer):
    def call(self, image):
        batch, height, width, channels = image.shape
        return ops.reshape(image, (batch, height * width * channels))


# expect: KS203
@keras.saving.register_keras_serializable("calls_symbolically")
class LoopsOverBatch(keras.layers.Layer):
    def call(self, inputs):
        rows = [inputs[index] * 2.0 for index in range(inputs.shape[0])]
        return ops.stack(rows, axis=0)


@keras.saving.register_keras_serializable("calls_symbolically")
class AsksTheTensor(keras.layers.Layer):
    """Flattens images whatever the size of the batch."""

    def call(self, image):
        return ops.reshape(image, (-1, image.shape[1] * image.shape[2] * image.shape[3]))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] * input_shape[2] * input_shape[3])
