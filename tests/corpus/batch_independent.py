"""KS506 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("batch_independent")


class Base(layers.Layer):
    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS506
@register
class Centres(Base):
    def call(self, inputs):
        return inputs - ops.mean(inputs, axis=0)


# expect: KS506
@register
class ScalesByAll(Base):
    def call(self, inputs):
        return inputs / (1.0 + ops.max(ops.abs(inputs)))


# expect: KS506
@register
class SoftmaxOverBatch(Base):
    def call(self, inputs):
        return ops.softmax(inputs, axis=0)


@register
class CentresRows(Base):
    def call(self, inputs):
        return inputs - ops.mean(inputs, axis=-1, keepdims=True)


@register
class BatchStatisticsInTraining(Base):
    """Uses the batch in training, and what it learned at inference."""

    def build(self, input_shape):
        self.mean = self.add_weight(name="mean", shape=(input_shape[-1],), initializer="zeros", trainable=False)

    def call(self, inputs, training=None):
        if not training:
            return inputs - self.mean
        mean = ops.mean(inputs, axis=0)
        self.mean.assign(0.9 * self.mean + 0.1 * ops.cast(mean, self.mean.dtype))
        return inputs - mean


# expect: KS506
@register
class ComparesExamples(layers.Layer):
    def call(self, inputs):
        return ops.matmul(inputs, ops.transpose(inputs))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[0])
